// Package e2e checks the built capstan binary from outside, against the
// official WorkOS emulator. It needs node and the packages of package.json, so
// its tests are behind a build tag:
//
//	(cd .ci/e2e && npm ci) && go test -tags e2e ./.ci/e2e
package e2e
