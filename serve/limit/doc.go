// Package limit bounds how much callers may take of a served capability:
// connections, sizes, times, requests at once, and calls a second. Start with
// Server.
//
// Everything is plain net/http middleware, safe for concurrent use. The order
// that works, together with package access, outermost first:
//
//	limit.Server(                             // sizes, times, panics
//		access.LocalHosts(nil,                // no web page may reach a local server
//			access.CORS(origins,              // before Require: a preflight carries no credentials
//				access.Require(scheme,
//					limit.Throttle(rate,      // after Require: it counts by caller
//						handler)))), options)
//
// A handler that must answer without credentials (liveness, the protected-resource
// metadata of OAuth2) is mounted beside Require, inside Requests.
package limit
