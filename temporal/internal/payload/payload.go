// Package payload has what the runtime and the codec agree on about payloads.
package payload

// Shared is the metadata key of a payload that many histories have alike: a program. A codec
// may keep it once for all of them, and need not hide that they have the same.
const Shared = "capstan-shared"

// Most is the size in bytes up to which payloads of one message are given to a server, whose
// limit is 2 MB.
const Most = 2<<20 - 128<<10
