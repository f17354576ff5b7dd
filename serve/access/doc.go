// Package access decides who may call a served capability, and how much. Start
// with Require, which asks every request to prove who sends it, and Server,
// which bounds what one client can take from the others.
//
// Everything is plain net/http middleware, safe for concurrent use. The order
// that works, outermost first:
//
//	access.Server(                            // sizes, times, panics
//		access.LocalHosts(nil,                // no web page may reach a local server
//			access.CORS(origins,              // before Require: a preflight carries no credentials
//				access.Require(scheme,
//					access.Throttle(rate,     // after Require: it counts by caller
//						handler)))), limits)
//
// What must answer without credentials (liveness, the protected-resource
// metadata of OAuth2) is mounted beside Require, inside Limit.
package access
