package release

import (
	"cmp"
	"strings"

	"vestibule/internal/fault"
)

// A Version names a release of a product, as it was typed: one to four numbers, then perhaps "-" and the name of a pre-release, then
// perhaps "+" and the name of a build. Compare orders versions as Semantic Versioning 2.0.0 does (§11), but numbers inside names
// count as numbers: rc2 is before rc10.
type Version string

const (
	maxVersion = 40
	maxNumbers = 4
	maxDigits  = 9
)

// ParseVersion reads a version; a "v" before it is dropped. Invalid at "version": version-invalid.
func ParseVersion(typed string) (Version, error) {
	s := strings.TrimSpace(typed)
	if len(s) > 1 && (s[0] == 'v' || s[0] == 'V') {
		s = s[1:]
	}
	numbers, pre, build := split(s)
	ok := len(s) <= maxVersion && len(numbers) <= maxNumbers
	for _, n := range numbers {
		ok = ok && len(n) > 0 && len(n) <= maxDigits && digits(n) && (n == "0" || n[0] != '0')
	}
	for _, part := range []struct {
		begins string
		names  string
	}{{"-", pre}, {"+", build}} {
		if part.names == "" {
			ok = ok && !strings.HasSuffix(s, part.begins) && !strings.Contains(s, "-+")
			continue
		}
		for _, name := range strings.Split(part.names, ".") {
			ok = ok && name != "" && strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
		}
	}
	if !ok {
		return "", fault.OnField("version", "version-invalid")
	}
	return Version(s), nil
}

func split(s string) (numbers []string, pre, build string) {
	s, build, _ = strings.Cut(s, "+")
	s, pre, _ = strings.Cut(s, "-")
	return strings.Split(s, "."), pre, build
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// String implements fmt.Stringer.
func (v Version) String() string { return string(v) }

// Prerelease reports whether the version names a pre-release.
func (v Version) Prerelease() bool { _, pre, _ := split(string(v)); return pre != "" }

// Key is the same for versions that are the same one: without the build, without zeros at the end, in small letters.
func (v Version) Key() string {
	numbers, pre, _ := split(string(v))
	for len(numbers) > 1 && numbers[len(numbers)-1] == "0" {
		numbers = numbers[:len(numbers)-1]
	}
	key := strings.Join(numbers, ".")
	if pre != "" {
		key += "-" + strings.ToLower(pre)
	}
	return key
}

// Compare is negative where v is before w, 0 where they are the same version.
func (v Version) Compare(w Version) int {
	a, aPre, _ := split(v.Key())
	b, bPre, _ := split(w.Key())
	for i := 0; i < max(len(a), len(b)); i++ {
		if c := compareNumbers(at(a, i), at(b, i)); c != 0 {
			return c
		}
	}
	switch {
	case aPre == "" && bPre == "":
		return 0
	case aPre == "":
		return 1
	case bPre == "":
		return -1
	}
	x, y := strings.Split(aPre, "."), strings.Split(bPre, ".")
	for i := 0; i < min(len(x), len(y)); i++ {
		if c := compareNames(x[i], y[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "0"
}

func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// compareNames compares run by run, digits as numbers and before letters.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		var p, q string
		p, x = run(x)
		q, y = run(y)
		var c int
		switch pd, qd := digits(p), digits(q); {
		case pd && qd:
			c = compareNumbers(p, q)
		case pd != qd && pd:
			c = -1
		case pd != qd:
			c = 1
		default:
			c = strings.Compare(p, q)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// run cuts the digits, or what are none, from the front.
func run(s string) (first, rest string) {
	number := s[0] >= '0' && s[0] <= '9'
	i := strings.IndexFunc(s, func(r rune) bool { return (r >= '0' && r <= '9') != number })
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}
