package eval

import "testing"

func BenchmarkCompile(b *testing.B) {
	scope := fixtureScope()
	for name, src := range map[string]string{
		"path":   `poll-connection-active.data[0].id`,
		"filter": `filter(poll-connection-active.data, .state == "active")[0].id`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustCompile(b, scope, src)
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	scope, env := fixtureScope(), fixtureEnv()
	for name, src := range map[string]string{
		"path": `poll-connection-active.data[0].id`,
		"any":  `any(poll-connection-active.data, .state == "active")`,
		"map":  `map(inputs.domains, {domain: #, state: "pending"})`,
	} {
		b.Run(name, func(b *testing.B) {
			e := mustCompile(b, scope, src)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Eval(b.Context(), env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkScope(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fixtureScope()
	}
}
