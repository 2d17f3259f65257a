package release

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
	"vestibule/internal/license"
)

const (
	maxTitle = 120
	maxNotes = 20_000
	maxName  = 120
	maxKind  = 40
	maxWord  = 40 // of platform and architecture

	leastReason = 3
	mostReason  = 500
)

// check reads the draft's version and puts its texts in order.
func (d *Draft) check() (Version, error) {
	var form fault.Form
	version, err := ParseVersion(d.Version)
	if err := form.AddErr("version", err); err != nil {
		return "", err
	}
	if !slices.Contains(license.Channels(), d.Channel) {
		form.Add("channel", "choose-channel")
	}
	if d.Title = plain(d.Title); utf8.RuneCountInString(d.Title) > maxTitle {
		form.Add("title", "too-long", "max", "120")
	}
	d.Notes = clean(d.Notes)
	for _, lang := range slices.Sorted(maps.Keys(d.Notes)) {
		switch {
		case len(lang) != 2:
			form.Add("notes", "notes-language")
		case utf8.RuneCountInString(d.Notes[lang]) > maxNotes:
			form.Add("notes", "too-long", "max", "20000")
		case !utf8.ValidString(d.Notes[lang]):
			form.Add("notes", "notes-not-text")
		}
	}
	return version, form.Err()
}

// plain is one line without what cannot be seen.
func plain(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\n':
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == utf8.RuneError:
			return -1
		}
		return c
	}, s))
}

func parseReason(s string) (string, error) {
	s = plain(s)
	switch n := utf8.RuneCountInString(s); {
	case n < leastReason:
		return "", fault.OnField("reason", "reason-needed")
	case n > mostReason:
		return "", fault.OnField("reason", "reason-long")
	}
	return s, nil
}

// A File is what is said of a file before its bytes come.
type File struct {
	Kind      string // a name for addresses: windows-x64-msi
	Title     string // as people read it; "": the name
	Name      string // of the file
	Platform  string // "": from the kind, where it says so
	Arch      string // "": from the kind, where it says so
	Size      int64  // bytes; Unknown where the sender does not know
	Signature string // minisign, as text; "" where it comes later
}

var kinds = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (f *File) check(max int64) error {
	var form fault.Form
	f.Kind = strings.ToLower(strings.TrimSpace(f.Kind))
	if len(f.Kind) > maxKind || !kinds.MatchString(f.Kind) {
		form.Add("kind", "file-kind-invalid")
	}
	f.Name = norm.NFC.String(f.Name)
	if !validName(f.Name) {
		form.Add("name", "file-name-invalid")
	}
	if f.Title = plain(f.Title); f.Title == "" {
		f.Title = f.Name
	}
	if utf8.RuneCountInString(f.Title) > maxTitle {
		form.Add("title", "too-long", "max", "120")
	}
	f.Platform, f.Arch = strings.ToLower(plain(f.Platform)), strings.ToLower(plain(f.Arch))
	if len(f.Platform) > maxWord {
		form.Add("platform", "too-long", "max", "40")
	}
	if len(f.Arch) > maxWord {
		form.Add("arch", "too-long", "max", "40")
	}
	for _, word := range strings.Split(f.Kind, "-") {
		if slices.Contains(platforms(), word) && f.Platform == "" {
			f.Platform = word
		}
		if slices.Contains(archs(), word) && f.Arch == "" {
			f.Arch = word
		}
	}
	switch {
	case f.Size == 0:
		form.Add("file", "file-empty")
	case f.Size < Unknown || f.Size > max:
		form.Add("file", "file-large", "max", inWords(max))
	}
	if f.Signature = strings.TrimSpace(f.Signature); f.Signature != "" {
		if _, err := parseSignature(f.Signature); err != nil {
			if err := form.AddErr("signature", err); err != nil {
				return err
			}
		}
	}
	return form.Err()
}

func platforms() []string { return []string{"windows", "macos", "linux", "android", "ios"} }
func archs() []string     { return []string{"x64", "x86", "arm64", "amd64", "universal"} }

// inWords is a number of bytes as people say it.
func inWords(n int64) string {
	for _, unit := range []struct {
		shift int
		name  string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<unit.shift && n%(1<<unit.shift) == 0 {
			return itoa(n>>unit.shift) + " " + unit.name
		}
	}
	return itoa(n) + " bytes"
}

// devices are the names that Windows keeps for itself.
var devices = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)`)

// validName reports whether a name may be a file's on every system: a plain name, with nothing in it that hides what it is
// (CWE-22, CWE-73; asvs: V5.3.2, V5.4.1).
func validName(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) || s != strings.TrimSpace(s) {
		return false
	}
	if strings.ContainsAny(s, `/\:*?"<>|%`) || strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") || strings.HasSuffix(s, ".") || devices.MatchString(s) {
		return false
	}
	for _, c := range s {
		if unicode.IsControl(c) || !unicode.IsGraphic(c) || unicode.Is(unicode.Cf, c) || unicode.IsSpace(c) && c != ' ' {
			return false
		}
	}
	return true
}

// nameKey is the same for names that some file system takes for one.
func nameKey(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// mediaType is told by the end of a file's name, and never one that a browser would show or run.
func mediaType(name string) string {
	types := map[string]string{
		".msi": "application/x-msi", ".msix": "application/msix", ".exe": "application/vnd.microsoft.portable-executable",
		".dmg": "application/x-apple-diskimage", ".pkg": "application/octet-stream", ".deb": "application/vnd.debian.binary-package",
		".rpm": "application/x-rpm", ".zip": "application/zip", ".gz": "application/gzip", ".tgz": "application/gzip",
		".xz": "application/x-xz", ".zst": "application/zstd", ".pdf": "application/pdf", ".json": "application/json", ".apk": "application/vnd.android.package-archive",
	}
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}
