package internal_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What vendors build into their products depends on nothing but the standard
// library, and on nothing of the portal.
func TestTheVerifierForProductsStandsAlone(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`, "vestibule/license/verify", "vestibule/license/example").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		if first, _, _ := strings.Cut(path, "/"); path != "vestibule/license/verify" && (first == "vestibule" || strings.Contains(first, ".")) {
			t.Errorf("license/verify or its example imports %s", path)
		}
	}
}
