// Package sqlite keeps runs in a state directory, in one SQLite database that
// several processes share. Start with [Open].
//
// # The directory
//
//	capstan.db        the database, with capstan.db-wal and capstan.db-shm while in use
//	locks/drivers     holds a lock for each run that is driven; where the system has no
//	                  such locks, locks/RUN does, gone when no process drives RUN
//
// The directory has mode 0700 and its files 0600. It can be moved or copied
// while no process uses it; the locks need not come along.
//
// # Promises
//
// When a call of the Runtime that writes returns without an error, its change is on
// disk: commits are synchronous, and those of all runs that write at the same moment
// share one. Within a drive, the intent of a write is on disk before it is sent, with
// all results before it, and its own result before anything else is sent; the result
// of a read follows within milliseconds. What is on disk is never performed again. A
// step is at-least-once when it is safe, keyed or probed and its process died between
// sending and recording, and at-most-once when it is not: such a run is in doubt.
package sqlite
