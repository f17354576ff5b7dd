package packaging

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/capstan-run/capstan/spec/yamldata"
)

// built is the command, as the service and the pod start it.
func built(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "capstan")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/capstan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// serves starts the command with the arguments of a deployment, asks the paths, and stops it
// with a signal.
func serves(t *testing.T, args []string, stop os.Signal, paths ...string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal there")
	}
	dir := t.TempDir()
	composition := "name: Ping\nspecification: Naftiko Capability Composition\nspecificationVersion: '0.1'\napi: workos\nsteps:\n  - {id: list, operation: OrganizationsController_list}\noutputs: [{name: ids, source: list.data}]\n"
	for name, content := range map[string]string{"capabilities/ping.yaml": composition, "keys": "ops:0123456789abcdef0123456789abcdef\n"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	places := strings.NewReplacer("/etc/capstan", dir+"/capabilities", "/capabilities", dir+"/capabilities", "%d/keys", dir+"/keys", "/secrets/keys", dir+"/keys",
		"%S/capstan", dir+"/state", "/state", dir+"/state", "0.0.0.0:8080", "127.0.0.1:0", "127.0.0.1:8080", "127.0.0.1:0")
	for i := range args {
		args[i] = places.Replace(args[i])
	}
	cmd := exec.Command(built(t), args...)
	cmd.Env = append(os.Environ(), "WORKOS_API_KEY=key", "CAPSTAN_STATE_KEY="+strings.Repeat("0", 64))
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	address, lines := "", bufio.NewScanner(logs)
	for said := ""; lines.Scan(); {
		said += lines.Text() + "\n"
		if m := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text()); m != "" && address == "" {
			address = m
		}
		if strings.Contains(lines.Text(), "runs are kept in") {
			if !strings.Contains(lines.Text(), "encrypted") {
				t.Errorf("the key is not used: %s", lines.Text())
			}
			break
		}
		if strings.Contains(said, "for usage and examples") {
			t.Fatalf("it does not start:\n%s", said)
		}
	}
	for _, path := range paths {
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s answers %d", path, resp.StatusCode)
		}
	}
	if err := cmd.Process.Signal(stop); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Logf("stopped: %v", err) // 130 after a signal
	}
}

func TestService(t *testing.T) {
	unit := text(t, "packaging/systemd/capstan.service")
	m := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/capstan (.*)$`).FindStringSubmatch(unit)
	if m == nil {
		t.Fatal("the unit starts something else")
	}
	if !strings.Contains(unit, "KillSignal=SIGINT") {
		t.Error("the unit stops capstan in another way than this test")
	}
	if analyze, err := exec.LookPath("systemd-analyze"); err == nil {
		dir := t.TempDir()
		here := strings.ReplaceAll(unit, "/usr/bin/capstan", "/bin/true") // it need not be installed
		if err := os.WriteFile(filepath.Join(dir, "capstan.service"), []byte(here), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(analyze, "verify", filepath.Join(dir, "capstan.service")).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("systemd-analyze: %v\n%s", err, out)
		}
	}
	serves(t, strings.Fields(m[1]), os.Interrupt, "/health/live", "/health/ready")
}

func TestKubernetes(t *testing.T) {
	var pod map[string]any
	for part := range strings.SplitSeq(text(t, "packaging/kubernetes/capstan.yaml"), "\n---\n") {
		v, err := yamldata.Decode([]byte(part))
		if err != nil {
			t.Fatal(err)
		}
		object := v.(map[string]any)
		spec := object["spec"].(map[string]any)
		label := "app.kubernetes.io/name"
		switch object["kind"] {
		case "StatefulSet":
			pod = at(spec, "template", "spec").(map[string]any)
			if at(spec, "selector", "matchLabels", label) != at(spec, "template", "metadata", "labels", label) {
				t.Error("the set selects other pods than it makes")
			}
			if spec["replicas"] != 1 {
				t.Errorf("%v replicas share one journal", spec["replicas"])
			}
		case "Service":
			if at(spec, "selector", label) != "capstan" {
				t.Errorf("the service selects %v", spec["selector"])
			}
		case "PodDisruptionBudget":
			if at(spec, "selector", "matchLabels", label) != "capstan" {
				t.Errorf("the budget selects %v", spec["selector"])
			}
		default:
			t.Errorf("there is a %v", object["kind"])
		}
	}
	container := pod["containers"].([]any)[0].(map[string]any)
	mounted := map[string]bool{}
	for _, m := range container["volumeMounts"].([]any) {
		mounted[m.(map[string]any)["name"].(string)] = true
	}
	for _, v := range pod["volumes"].([]any) {
		if name := v.(map[string]any)["name"].(string); !mounted[name] {
			t.Errorf("volume %s is not mounted", name)
		}
	}
	var probed []string
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		probed = append(probed, fmt.Sprint(at(container, probe, "httpGet", "path")))
	}
	slices.Sort(probed)
	var args []string
	for _, arg := range container["args"].([]any) {
		args = append(args, arg.(string))
	}
	serves(t, args, syscall.SIGTERM, slices.Compact(probed)...)
}

// at is a value in nested objects.
func at(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}
