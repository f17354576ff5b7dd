package skills

import (
	"encoding/json"

	"github.com/capstan-run/capstan/spec"
)

// catalogue is the answer of /skills.
type catalogue struct {
	Count  int       `json:"count"`
	Skills []summary `json:"skills"`
}

// summary is a skill in the catalogue.
type summary struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	License     string   `json:"license,omitempty"`
	Tools       []string `json:"tools"`
}

// detail is the answer of /skills/{name}.
type detail struct {
	front
	Tools []tool `json:"tools"`
}

// front is the front matter of an Agent Skill.
type front struct {
	Name              string         `json:"name"`
	Description       string         `json:"description"`
	License           string         `json:"license,omitempty"`
	Compatibility     string         `json:"compatibility,omitempty"`
	ArgumentHint      string         `json:"argument-hint,omitempty"`
	AllowedTools      string         `json:"allowed-tools,omitempty"`
	UserInvocable     *bool          `json:"user-invocable,omitempty"`
	NoModelInvocation *bool          `json:"disable-model-invocation,omitempty"`
	Metadata          map[string]any `json:"metadata,omitempty"`
}

// tool is one tool of a skill: derived from a sibling exposure, or a file with
// instructions.
type tool struct {
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Type        string     `json:"type,omitempty"`
	Invocation  *reference `json:"invocationRef,omitempty"`
	Instruction string     `json:"instruction,omitempty"`
}

// reference is the place where a derived tool is called.
type reference struct {
	Namespace string `json:"targetNamespace"`
	Action    string `json:"action"`
	Mode      string `json:"mode,omitempty"` // rest or mcp
}

func summarise(s *spec.Skill) summary {
	out := summary{Name: s.Name.Value, Description: s.Description.Value, License: s.License.Value, Tools: []string{}}
	for _, t := range s.Tools {
		out.Tools = append(out.Tools, t.Name.Value)
	}
	return out
}

func describe(s *spec.Skill, tools []tool) detail {
	return detail{Tools: tools, front: front{
		Name: s.Name.Value, Description: s.Description.Value, License: s.License.Value, Compatibility: s.Compatibility.Value,
		ArgumentHint: s.ArgumentHint.Value, AllowedTools: s.AllowedTools.Value,
		UserInvocable: s.UserInvocable, NoModelInvocation: s.NoModelInvocation,
		Metadata: metadata(s),
	}}
}

// metadata is the author's metadata, without the values that JSON lacks (.inf).
func metadata(s *spec.Skill) map[string]any {
	out := make(map[string]any, len(s.Metadata))
	for _, f := range s.Metadata {
		v := f.Value.Go()
		if _, err := json.Marshal(v); err == nil {
			out[f.Key.Value] = v
		}
	}
	return out
}

func describeTools(s *spec.Skill, from map[string]*spec.Exposure) []tool {
	tools := []tool{}
	for _, t := range s.Tools {
		out := tool{Name: t.Name.Value, Description: t.Description.Value}
		switch {
		case t.Source.IsSet():
			out.Type = "derived"
			out.Invocation = &reference{Namespace: t.Source.Value, Action: t.Action.Value}
			if x := from[t.Source.Value]; x != nil {
				out.Invocation.Mode = x.Type.Value
			}
		case t.Instruction.IsSet():
			out.Type, out.Instruction = "instruction", t.Instruction.Value
		}
		tools = append(tools, out)
	}
	return tools
}

// siblings are the exposures with tools and operations that the skills of e may
// name, by namespace.
func siblings(e *spec.Exposure, all []*spec.Exposure) map[string]*spec.Exposure {
	out := map[string]*spec.Exposure{}
	for _, x := range all {
		if x == e || !x.Namespace.IsSet() || x.Type.Value != "rest" && x.Type.Value != "mcp" {
			continue
		}
		if out[x.Namespace.Value] == nil {
			out[x.Namespace.Value] = x
		}
	}
	return out
}
