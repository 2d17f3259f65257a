package release

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vestibule/internal/fault"
)

func TestEveryEventInEveryStateLeadsWhereTheTableSays(t *testing.T) {
	want := map[string]string{
		"draft edited": "draft", "draft discarded": "", "draft asked": "verifying",
		"verifying passed": "published", "verifying failed": "draft", "verifying recalled": "draft",
		"published dated": "published", "published recalled": "draft", "published required": "published", "published withdrawn": "withdrawn",
	}
	for _, s := range States() {
		for _, e := range events() {
			to, err := after(s, e)
			led, ok := want[string(s)+" "+string(e)]
			if ok && (err != nil || string(to) != led) {
				t.Errorf("%s %s leads to %s, %v", s, e, to, err)
			}
			if !ok && (!fault.Code(err, "release-"+string(s)) || to != s) {
				t.Errorf("%s %s leads to %s, %v", s, e, to, err)
			}
		}
	}
	files := map[string]string{
		"uploading part": "uploading", "uploading finished": "verifying", "uploading signed": "uploading", "uploading removed": "",
		"verifying accepted": "verified", "verifying rejected": "refused", "verifying removed": "",
		"verified signed": "verified", "verified rejected": "refused", "verified removed": "",
		"refused signed": "verified", "refused rejected": "refused", "refused removed": "",
	}
	for _, s := range []FileState{Uploading, FileChecking, Verified, Refused} {
		for _, e := range fileEvents() {
			to, err := afterFile(s, e)
			led, ok := files[string(s)+" "+string(e)]
			if ok && (err != nil || string(to) != led) || !ok && !fault.Code(err, "file-"+string(s)) {
				t.Errorf("a file %s %s leads to %s, %v", s, e, to, err)
			}
		}
	}
}

func TestVersionsAreReadAndOrdered(t *testing.T) {
	ordered := []string{
		"0.0.1", "0.1", "1.0-alpha", "1.0-alpha.1", "1.0-alpha.beta", "1.0-beta", "1.0-beta.2", "1.0-beta.11", "1.0-rc1", "1.0-rc2", "1.0-rc10",
		"1.0.0", "1.0.0.1", "1.2", "1.9.9", "1.10", "2", "10.0", "2026.11.22", "999999999.0",
	}
	for i, a := range ordered {
		v, err := ParseVersion(a)
		if err != nil {
			t.Errorf("%s: %v", a, err)
		}
		for j, b := range ordered {
			if c := v.Compare(Version(b)); (c < 0) != (i < j) || (c > 0) != (i > j) {
				t.Errorf("%s against %s is %d", a, b, c)
			}
		}
	}
	for typed, key := range map[string]string{" v1.2.0 ": "1.2", "1.2.0.0+build.5": "1.2", "1.0-RC1": "1-rc1", "0": "0", "V3": "3", "1-0-0": "1-0-0"} {
		if v, err := ParseVersion(typed); err != nil || v.Key() != key {
			t.Errorf("%q is %s, %v", typed, v.Key(), err)
		}
	}
	for _, wrong := range []string{
		"", "v", "1.", ".1", "1..2", "01.2", "1.2.3.4.5", "1.2-", "1.2+", "1.2-+x", "1.2-rc..1", "1.2-ä", "1.2/3", "1.2 3", "latest", "1.2\x00", "-1", "1234567890", "1." + strings.Repeat("2", 50),
		"1-" + strings.Repeat("x", 50), "../1", "1\u202e2",
	} {
		if v, err := ParseVersion(wrong); err == nil {
			t.Errorf("%q is read as %s", wrong, v)
		}
	}
	part := rapid.StringMatching(`(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,2})){0,3}(-[a-z]{1,3}[0-9]{0,2}(\.[0-9a-z]{1,3})?)?`)
	rapid.Check(t, func(t *rapid.T) {
		list := []Version{Version(part.Draw(t, "a")), Version(part.Draw(t, "b")), Version(part.Draw(t, "c"))}
		for _, a := range list {
			for _, b := range list {
				if a.Compare(b) != -b.Compare(a) || (a.Compare(b) == 0) != (a.Key() == b.Key()) && a.Compare(b) == 0 && !sameNumbers(a, b) {
					t.Fatalf("%s and %s: %d, %d", a, b, a.Compare(b), b.Compare(a))
				}
			}
		}
		slices.SortFunc(list, Version.Compare)
		if list[0].Compare(list[2]) > 0 {
			t.Fatalf("no order: %v", list)
		}
	})
}

// sameNumbers reports whether two versions differ in zeros at the front of a number within a name alone.
func sameNumbers(a, b Version) bool {
	return strings.ReplaceAll(a.Key(), "0", "") == strings.ReplaceAll(b.Key(), "0", "")
}

// asvs: V5.3.2
func TestAFileNameThatHidesSomethingIsRefused(t *testing.T) {
	for _, fine := range []string{"setup.msi", "Meeting Add-On 4.2 (x64).msi", "größe.zip", "a", "v1_2+build.tar.gz", "連絡.pdf"} {
		if !validName(fine) {
			t.Errorf("%q is refused", fine)
		}
	}
	for _, hostile := range []string{
		"", " ", ".", "..", "../x", `..\x`, "/etc/passwd", `C:\x`, "a/b", "a:b", ".htaccess", "-rf", "x.", "x ", " x", "a\x00b", "a\nb", "a\r\nb", "tab\tx", "\x7f",
		"setup\u202eism.exe", "a\u200bb", "a\u2066b", "\ufeffa", "x\u00a0y", "con", "CON.msi", "nul", "com1.txt", "LPT9", `a"b`, "a<b", "a>b", "a|b", "a?b", "a*b", "a%2fb", "\xff\xfe", strings.Repeat("a", 121),
	} {
		if validName(hostile) {
			t.Errorf("%q is taken", hostile)
		}
	}
	if nameKey("Setup.MSI") != nameKey("setup.msi") {
		t.Error("names that some systems take for one are two")
	}
	for name, want := range map[string]string{"a.MSI": "application/x-msi", "a.html": "application/octet-stream", "a.svg": "application/octet-stream", "a": "application/octet-stream", "a.tar.gz": "application/gzip"} {
		if got := mediaType(name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestWhatIsSaidOfAFileIsChecked(t *testing.T) {
	for field, f := range map[string]File{
		"kind": {Kind: "Windows x64", Name: "a", Size: 1}, "name": {Kind: "x", Name: "a/b", Size: 1}, "file": {Kind: "x", Name: "a", Size: 11},
		"title": {Kind: "x", Name: "a", Size: 1, Title: strings.Repeat("a", 121)}, "platform": {Kind: "x", Name: "a", Size: 1, Platform: strings.Repeat("a", 41)},
		"arch": {Kind: "x", Name: "a", Size: 1, Arch: strings.Repeat("a", 41)}, "signature": {Kind: "x", Name: "a", Size: 1, Signature: "none"},
	} {
		if e := fault.From(f.check(10)); e.Kind != fault.Invalid || e.Field != field {
			t.Errorf("%s: %v", field, e)
		}
	}
	f := File{Kind: " Windows-ARM64-msi", Name: "a\u0308.msi", Size: Unknown}
	if err := f.check(10); err != nil || f.Kind != "windows-arm64-msi" || f.Platform != "windows" || f.Arch != "arm64" || f.Title != "ä.msi" {
		t.Errorf("%+v, %v", f, err)
	}
	for n, want := range map[int64]string{10 << 30: "10 GiB", 8 << 20: "8 MiB", 1 << 10: "1 KiB", 1000: "1000 bytes"} {
		if got := inWords(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}
