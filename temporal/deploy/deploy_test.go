package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// cluster is what the files of the example make.
type cluster struct {
	deployments map[string]*apps.Deployment
	services    map[string]*core.Service
	secrets     map[string]*core.Secret
	budgets     map[string]*policy.PodDisruptionBudget
}

// lint reads files with the types of Kubernetes, and returns what a cluster would refuse or
// do otherwise than the files mean.
func lint(files ...string) (c cluster, problems []string) {
	c = cluster{map[string]*apps.Deployment{}, map[string]*core.Service{}, map[string]*core.Secret{}, map[string]*policy.PodDisruptionBudget{}}
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, text := range files {
		for part := range strings.SplitSeq(text, "\n---\n") {
			if err := c.add([]byte(part)); err != nil {
				problem("%v", err)
			}
		}
	}
	for name, d := range c.deployments {
		pod := labels.Set(d.Spec.Template.Labels)
		if !selects(d.Spec.Selector, pod) {
			problem("deployment %s does not select the pods that it makes", name)
		}
		for _, spread := range d.Spec.Template.Spec.TopologySpreadConstraints {
			if !selects(spread.LabelSelector, pod) {
				problem("deployment %s spreads other pods", name)
			}
		}
		c.pod(name, d.Spec.Template.Spec, problem)
		covered := 0
		for _, b := range c.budgets {
			if selects(b.Spec.Selector, pod) {
				covered++
			}
		}
		if covered != 1 {
			problem("deployment %s has %d disruption budgets", name, covered)
		}
	}
	for name, b := range c.budgets {
		if b.Spec.MaxUnavailable == nil || b.Spec.MinAvailable != nil || !c.anyPod(func(d *apps.Deployment) bool {
			return selects(b.Spec.Selector, labels.Set(d.Spec.Template.Labels)) && replicas(d) > b.Spec.MaxUnavailable.IntValue() && b.Spec.MaxUnavailable.IntValue() > 0
		}) {
			problem("disruption budget %s keeps no pod, or lets none go", name)
		}
	}
	for name, s := range c.services {
		for _, port := range s.Spec.Ports {
			if !c.anyPod(func(d *apps.Deployment) bool {
				return labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) && hasPort(d, port.TargetPort.String())
			}) {
				problem("service %s reaches no port %s of a pod", name, port.TargetPort.String())
			}
		}
	}
	slices.Sort(problems)
	return c, problems
}

// add decodes an object. A field that its type does not have is an error.
func (c cluster) add(text []byte) error {
	var kind struct {
		meta.TypeMeta   `json:",inline"`
		meta.ObjectMeta `json:"metadata"`
	}
	if err := yaml.Unmarshal(text, &kind); err != nil {
		return err
	}
	if bad := validation.IsDNS1123Subdomain(kind.Name); len(bad) > 0 {
		return fmt.Errorf("%s %q: %s", kind.Kind, kind.Name, bad[0])
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		return decode(text, kind.Name, c.deployments)
	case "v1 Service":
		return decode(text, kind.Name, c.services)
	case "v1 Secret":
		return decode(text, kind.Name, c.secrets)
	case "policy/v1 PodDisruptionBudget":
		return decode(text, kind.Name, c.budgets)
	}
	return fmt.Errorf("there is a %s of %s", kind.Kind, kind.APIVersion)
}

func decode[T any](text []byte, name string, into map[string]*T) error {
	v := new(T)
	if err := yaml.UnmarshalStrict(text, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if into[name] != nil {
		return fmt.Errorf("%s is there twice", name)
	}
	into[name] = v
	return nil
}

func selects(s *meta.LabelSelector, pod labels.Set) bool {
	selector, err := meta.LabelSelectorAsSelector(s)
	return err == nil && s != nil && !selector.Empty() && selector.Matches(pod)
}

func replicas(d *apps.Deployment) int {
	if d.Spec.Replicas == nil {
		return 1
	}
	return int(*d.Spec.Replicas)
}

func (c cluster) anyPod(is func(*apps.Deployment) bool) bool {
	for _, d := range c.deployments {
		if is(d) {
			return true
		}
	}
	return false
}

func hasPort(d *apps.Deployment, name string) bool {
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, p := range container.Ports {
			if p.Name == name {
				return true
			}
		}
	}
	return false
}

// pod reports what of a pod names something that is not there, or gives it more than it needs.
func (c cluster) pod(name string, p core.PodSpec, problem func(string, ...any)) {
	if s := p.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		problem("%s runs as root, or has a token of the cluster", name)
	}
	volumes := map[string]bool{}
	for _, v := range p.Volumes {
		volumes[v.Name] = false
		if v.Secret != nil {
			for _, item := range v.Secret.Items {
				c.secret(name, v.Secret.SecretName, item.Key, problem)
			}
		}
	}
	for _, container := range p.Containers {
		if s := container.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
			problem("%s may write to its image, or become root", name)
		}
		if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Cpu().IsZero() {
			problem("%s has no limit of memory, or asks for no processor", name)
		}
		for _, e := range container.Env {
			if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
				problem("%s has %s in clear", name, e.Name)
				continue
			}
			c.secret(name, e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key, problem)
		}
		for _, m := range container.VolumeMounts {
			if _, ok := volumes[m.Name]; !ok {
				problem("%s mounts %s, which is no volume", name, m.Name)
			}
			volumes[m.Name] = true
		}
		for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
			if probe != nil && !slices.ContainsFunc(container.Ports, func(p core.ContainerPort) bool { return p.Name == probe.HTTPGet.Port.String() }) {
				problem("%s is probed at a port that it does not have", name)
			}
		}
	}
	for volume, mounted := range volumes {
		if !mounted {
			problem("%s does not mount %s", name, volume)
		}
	}
}

func (c cluster) secret(name, secret, key string, problem func(string, ...any)) {
	if s := c.secrets[secret]; s == nil {
		problem("%s wants secret %s, which is not there", name, secret)
	} else if _, ok := s.StringData[key]; !ok {
		problem("%s wants %s of secret %s, which has %v", name, key, secret, slices.Sorted(maps.Keys(s.StringData)))
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const (
	example = "kubernetes/capstan-temporal.yaml"
	secrets = "kubernetes/secret.yaml"
)

func TestKubernetes(t *testing.T) {
	c, problems := lint(read(t, example), read(t, secrets))
	for _, p := range problems {
		t.Error(p)
	}
	if len(c.deployments) != 2 || len(c.services) != 1 || len(c.secrets) != 1 || len(c.budgets) != 2 {
		t.Errorf("there are %d deployments, %d services, %d secrets, %d budgets", len(c.deployments), len(c.services), len(c.secrets), len(c.budgets))
	}
	for name, d := range c.deployments {
		if replicas(d) < 2 {
			t.Errorf("%s has %d replicas: one may die", name, replicas(d))
		}
		if got := d.Spec.Template.Spec.Containers[0].Image; !strings.HasPrefix(got, "ghcr.io/capstan-run/capstan-temporal:") {
			t.Errorf("%s runs %s", name, got)
		}
	}
	for name, value := range c.secrets["capstan-temporal"].StringData {
		if !strings.Contains(value, "REPLACE") {
			t.Errorf("the secret %s has a value", name)
		}
	}
	// Workers and faces find each other on one server, in one namespace.
	worker := strings.Join(c.deployments["capstan-worker"].Spec.Template.Spec.Containers[0].Args, " ")
	serve := strings.Join(c.deployments["capstan-serve"].Spec.Template.Spec.Containers[0].Args, " ")
	m := regexp.MustCompile(`--runtime=temporal://(\S+)/(\S+)`).FindStringSubmatch(serve)
	if m == nil || !strings.Contains(worker, "--address="+m[1]+" ") || !strings.Contains(worker, "--namespace="+m[2]+" ") {
		t.Errorf("the workers are at %s, the faces at %s", worker, serve)
	}
}

// What the example would not do if it had a fault of these kinds is found.
func TestLint(t *testing.T) {
	whole, secret := read(t, example), read(t, secrets)
	if _, problems := lint(whole, secret); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ old, new, want string }{
		{"replicas: 2", "replica: 2", `unknown field "replica"`},
		{"cpu: 250m", "cpu: 250 m", "quantities must match"},
		{"containerPort: 8080", "containerPort: http", "cannot unmarshal string"},
		{"kind: Service\n", "kind: Ingress\n", "there is a Ingress of v1"},
		{"name: capstan-serve\n", "name: Capstan_Serve\n", `Deployment "Capstan_Serve"`},
		{"matchLabels: {app.kubernetes.io/name: capstan-worker}\n  strategy", "matchLabels: {app.kubernetes.io/name: worker}\n  strategy", "does not select the pods that it makes"},
		{"            matchLabels: {app.kubernetes.io/name: capstan-worker}\n      securityContext", "            matchLabels: {}\n      securityContext", "spreads other pods"},
		{"{name: capstan-temporal, key: WORKOS_API_KEY}", "{name: capstan-temporal, key: WORKOS}", "wants WORKOS of secret capstan-temporal"},
		{"secretName: capstan-temporal", "secretName: capstan", "wants secret capstan, which is not there"},
		{"{name: secrets, mountPath: /secrets, readOnly: true}", "{name: keys, mountPath: /secrets, readOnly: true}", "mounts keys, which is no volume"},
		{"            - {name: secrets, mountPath: /secrets, readOnly: true}\n", "", "does not mount secrets"},
		{"targetPort: http", "targetPort: web", "reaches no port web"},
		{"port: http}\n            periodSeconds: 10", "port: web}\n            periodSeconds: 10", "is probed at a port that it does not have"},
		{"  maxUnavailable: 1\n", "  maxUnavailable: 0\n", "keeps no pod, or lets none go"},
		{"  maxUnavailable: 1\n", "  maxUnavailable: 2\n", "keeps no pod, or lets none go"},
		{"    matchLabels: {app.kubernetes.io/name: capstan-worker}\n---", "    matchLabels: {app.kubernetes.io/name: worker}\n---", "has 0 disruption budgets"},
		{"runAsNonRoot: true", "runAsNonRoot: false", "runs as root"},
		{"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "may write to its image"},
		{"limits: {memory: 1Gi}", "limits: {}", "has no limit of memory"},
		{"              valueFrom:\n                secretKeyRef: {name: capstan-temporal, key: WORKOS_API_KEY}", "              value: sk_1", "has WORKOS_API_KEY in clear"},
	} {
		changed := strings.Replace(whole, c.old, c.new, 1)
		if changed == whole {
			t.Errorf("%q is not in the example", c.old)
			continue
		}
		if _, problems := lint(changed, secret); !strings.Contains(strings.Join(problems, "\n"), c.want) {
			t.Errorf("%q: %q", c.new, problems)
		}
	}
}

// The Dockerfile builds the command without C, with the sources that it replaces a module by,
// and copies what it built into an image that needs nothing else.
func TestDockerfile(t *testing.T) {
	file := read(t, "Dockerfile")
	var names []string
	for _, s := range regexp.MustCompile(`(?m)^([A-Z]+) (.*)$`).FindAllStringSubmatch(file, -1) {
		names = append(names, s[1])
		if sources := strings.Fields(s[2]); s[1] == "COPY" && !strings.HasPrefix(s[2], "--from") {
			for _, source := range sources[:len(sources)-1] {
				if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
					t.Errorf("COPY %s: %v", s[2], err)
				}
			}
		}
	}
	want := []string{"FROM", "ARG", "ARG", "WORKDIR", "COPY", "COPY", "RUN", "COPY", "RUN", "FROM", "COPY", "WORKDIR", "ENTRYPOINT"}
	if !slices.Equal(names, want) {
		t.Errorf("the steps are %v", names)
	}
	for _, line := range []string{
		"WORKDIR /src/temporal\nCOPY go.mod go.sum ../\nCOPY temporal/go.mod temporal/go.sum ./\nRUN go mod download\nCOPY . ..\n",
		"RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags=\"-s -w\" -o /capstan-temporal ./cmd/capstan-temporal\n",
		"FROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=build /capstan-temporal /usr/bin/capstan-temporal\n", "ENTRYPOINT [\"/usr/bin/capstan-temporal\"]",
	} {
		if !strings.Contains(file, line) {
			t.Errorf("it does not have\n%s", line)
		}
	}
	if mod := read(t, "../go.mod"); !strings.Contains(mod, "replace github.com/capstan-run/capstan => ../") {
		t.Error("the module takes the sources from another place than the Dockerfile puts them")
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if image := regexp.MustCompile(`golang:(\d+\.\d+)-`).FindStringSubmatch(file); image == nil || image[1] < version {
		t.Errorf("the image has Go %v, go.mod wants %s", image, version)
	}
	main := read(t, "../../Dockerfile")
	for _, image := range regexp.MustCompile(`(?m)^FROM (.*)$`).FindAllString(main, -1) {
		if !strings.Contains(file, image+"\n") {
			t.Errorf("the main image is built with %q, this one is not", image)
		}
	}
}
