// Package temporal runs capabilities on Temporal: the programs of the engine, with runs
// that any number of workers take up and a server keeps. Start with [NewRuntime].
//
// It is a module of its own, so that the capstan command has none of its dependencies.
//
// # A run as a workflow
//
// The id of a run is that of its workflow. The workflow interprets the program with the
// [durable.Host] of this package: each call is an activity, a wait is a timer, and all looks
// of a poll are one activity that the server calls again. An answer, a settlement, a
// correction or a cancellation is an update of the workflow where a worker replies to it, and
// else a signal, which the server keeps until there is a worker; it counts once, even if both
// arrive. Where an interpretation comes to rest before the run's end (a person is awaited, a
// write is in doubt, a wait is longer than a minute), the workflow goes on in a new history
// ("continue as new") that begins with the records of the old: a history has the commands of
// one interpretation at most. The next one begins at the program's start, over those records,
// as it does on a disk; so a new version of capstan, whose commands may come in another order,
// takes up every run that rests.
//
// The records of a run, with their numbers, follow from its history by the rules of fold.go,
// which the workflow and its readers share. So a run is read without a worker.
//
// # Who executes a run
//
// All processes that execute runs of a task queue are given the tasks of all of them. One that
// is in [Runtime.Serve] can execute any; one that is only in [Runtime.Drive] or [Runtime.Run]
// can execute that run alone, and fails the tasks of others, which are tried again later and
// later. So where several processes have a task queue, each of them either serves, whatever
// it drives beside that, or has Options.Follow.
//
// # Promises
//
// A write is sent once. Its intent is in the history before a worker gets the call, the
// activity is never tried again by the server, and where its worker falls silent for ten
// seconds, the policy decides as on a disk: a read, and a write that may be repeated, is sent
// again, a probed one is looked up, any other is in doubt until somebody settles it. A call
// that no worker took was not sent, and is given to another. A call that panics is not made
// again by itself: a write is in doubt, any other call has failed.
//
// Calls are performed by the process that interprets the run: a task queue of its own hands
// them out. Credentials are that process's, and enter no history. What values enter it is for
// package codec to encrypt.
//
// # What is otherwise than on a disk
//
// See [durable.Runtime] for what the port allows. A run that is reopened after its time was up
// has it anew. Prune deletes runs; the server forgets them by itself too, when the retention of
// the namespace is over, and their ids may then be used again. An operator who terminates or
// cancels a workflow cancels its run. One who resets a workflow has it send again what it sent
// after that point: use retry, which does not.
package temporal
