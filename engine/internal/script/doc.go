// Package script runs the JavaScript of script steps. Start with [Compile],
// then [Program.Run] as often as needed.
//
// The contract is the one that published script steps are written for. A
// script finds the capability's inputs, the results of earlier steps and the
// step's `with` values under their names in the object `context`
// (context["fetch-data"].items). Each is also a global of its own name, and of
// its name in camel case (fetchData), unless the language has one of that
// name. The step's result is the final value of the variable `result`; a
// script that never assigns it gives null. Dependencies run before, in order, in
// the same scope. There is no module system.
//
// Values go in and come out as copies, in the form that JSON has here. Functions
// and undefined are left out as in JSON, dates become text, and a promise counts
// as the value it was settled with.
//
// # Powers
//
// Compute, and nothing else: it has no files, network, environment, timers,
// clock or chance. Its clock stands still at [Options.Now] and Math.random
// gives the same numbers in each run, so that a run repeats. Dates written
// without a zone are in the machine's. console is there and prints nothing.
//
// # Bounds
//
// The interpreter can be interrupted between two of its instructions; that is
// how the time-out and the end of the context take effect. One instruction can
// be a call into the library, which cannot. So everything there that could run or
// grow without end is bounded before it starts: lengths of arrays and texts,
// depth and size of JSON, and regular expressions run in time linear in the
// text (RE2), which is why look-around and back references are refused. Features
// that cannot be bounded are taken away: BigInt, typed arrays, and code made from
// text (eval, Function).
//
// Growth between instructions is measured: every few milliseconds, the live
// heap of the process against its size when the run began. The interpreter does
// not know which values belong to a script, so in a process that grows
// by the limit for other reasons meanwhile, a script that runs that long is
// stopped with them.
package script
