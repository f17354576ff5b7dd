package capabilities

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"
)

// NOTICE says that the published files are reproduced byte for byte. What they lack
// stands in overlays, and in what is built from WorkOS's document.
func TestThePublishedFilesAreAsPublished(t *testing.T) {
	for name, want := range map[string]string{
		"b2b-enterprise-onboarding.yaml":   "e68664ae8d7a4301bbde51362d3a9ce6a7003edb9f77d1d67a40e5d543fbfc7e",
		"audit-everything-to-siem.yaml":    "6ee822e39336542ef446f7807fff2c8f3925173db0a95b2908f2cb80849c3f27",
		"agent-scoped-authentication.yaml": "a1279e3daf504256db0a57831202ed46bf6a2e24a6b9e4082455a03f29e7faf0",
		"shared/workos.yaml":               "4ce6ce506cb967fa06c6c5303622b95cde90cfd9defaf7621a645c036d646905",
	} {
		text, err := os.ReadFile("workos/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("workos/%s was changed: SHA-256 %s", name, got)
		}
	}
}
