package cli

import (
	"strings"
	"testing"

	"vestibule/license/verify"
)

func TestAnOperatorLooksAfterTheSigningKeys(t *testing.T) {
	i := install(t)
	i.want(exitDone, "which is what this version needs", "migrate")
	i.want(exitDone, "No keys yet", "license", "keys", "list")
	i.want(exitFailed, "there are no keys yet", "license", "keys", "export")
	i.want(exitDone, "/office/enrol/", "staff", "add", "ines@example.com", "--first", "Ines", "--last", "Duarte", "--role", "administrator") // it works on the portal
	first := strings.Fields(i.want(exitDone, "current", "license", "keys", "export"))
	if len(first) != 6 || first[3] != "next" {
		t.Fatalf("%v", first)
	}
	k, err := verify.ParsePublicKey(first[2])
	if err != nil || k.ID() != first[1] {
		t.Errorf("%v: %v", first, err)
	}
	pem := i.want(exitDone, "-----BEGIN PUBLIC KEY-----", "license", "keys", "export", "--format", "pem")
	_, block, _ := strings.Cut(pem, "\n")
	if k, err := verify.ParsePublicKey(block); err != nil || k.ID() != first[1] {
		t.Errorf("%s: %v", pem, err)
	}
	i.want(exitDone, "\tcurrentKey = \""+first[2]+"\" // "+first[1]+"\n\tnextKey = ", "license", "keys", "export", "--format", "go")
	i.want(exitFailed, "is not the current key", "license", "keys", "rotate", "--from", first[4])
	i.want(exitDone, first[4]+" signs from now on", "license", "keys", "rotate", "--from", first[1])
	i.want(exitFailed, "is not the current key", "license", "keys", "rotate", "--from", first[1])
	i.want(exitDone, "signs from now on", "license", "keys", "rotate")
	out := i.want(exitDone, "retired", "license", "keys", "list")
	if strings.Count(out, "retired") != 2 || strings.Count(out, "current") != 1 || strings.Count(out, "next") != 1 {
		t.Errorf("%s", out)
	}
	i.want(exitDone, "all as they were written", "audit", "verify")
}
