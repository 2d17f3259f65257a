package account

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
)

// RFC 5321 §4.5.3.1.
const (
	maxEmailBytes = 254
	maxLocalBytes = 64
)

// An Email is an address that mail could be sent to.
type Email struct {
	Typed     string // as it was typed, without the spaces around
	Key       string // canonical: lower case, the domain in ASCII
	Domain    string // of the key
	LookAlike bool   // the domain is written in letters that look like Latin ones
}

// ParseEmail reads an address. A failure is Invalid on the field "email" with a
// code that says what to mend: email-empty, email-long, email-shape,
// email-letters (before the @ only ASCII can be delivered everywhere),
// email-mixed (a name of the domain mixes scripts, as look-alikes do).
func ParseEmail(s string) (Email, error) {
	const field = "email"
	if len(s) > 4*maxEmailBytes {
		return Email{}, fault.OnField(field, "email-long")
	}
	s = strings.TrimFunc(s, unicode.IsSpace)
	at := strings.LastIndexByte(s, '@')
	switch {
	case s == "":
		return Email{}, fault.OnField(field, "email-empty")
	case at < 1 || at == len(s)-1:
		return Email{}, fault.OnField(field, "email-shape")
	}
	local, domain := s[:at], norm.NFC.String(s[at+1:])
	for _, c := range local {
		if c > unicode.MaxASCII {
			return Email{}, fault.OnField(field, "email-letters")
		}
		if !isAtom(c) && c != '.' {
			return Email{}, fault.OnField(field, "email-shape")
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return Email{}, fault.OnField(field, "email-shape")
	}
	for label := range strings.SplitSeq(domain, ".") {
		if mixed(label) {
			return Email{}, fault.OnField(field, "email-mixed")
		}
	}
	// Lookup's mapping folds case and width, and refuses what DNS cannot hold.
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !isDomain(ascii) {
		return Email{}, fault.OnField(field, "email-shape")
	}
	ascii = strings.ToLower(ascii)
	key := strings.ToLower(local) + "@" + ascii
	if len(local) > maxLocalBytes {
		return Email{}, fault.OnField(field, "email-local-long").With("max", strconv.Itoa(maxLocalBytes))
	}
	if len(key) > maxEmailBytes || len(s) > maxEmailBytes {
		return Email{}, fault.OnField(field, "email-long")
	}
	wide, err := idna.ToUnicode(ascii)
	if err != nil {
		return Email{}, fault.OnField(field, "email-shape")
	}
	for label := range strings.SplitSeq(wide, ".") {
		if mixed(label) { // the address came in punycode
			return Email{}, fault.OnField(field, "email-mixed")
		}
	}
	return Email{Typed: s, Key: key, Domain: ascii, LookAlike: looksLatin(wide)}, nil
}

// looksLatin reports whether a label is of letters outside ASCII that all look
// like Latin ones.
func looksLatin(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if !isASCII(label) && isASCII(Skeleton(label)) {
			return true
		}
	}
	return false
}

// isAtom reports atext of RFC 5322 §3.2.3.
func isAtom(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)
}

func isDomain(ascii string) bool {
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 || len(ascii) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range l {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	top := labels[len(labels)-1]
	return len(top) >= 2 && strings.IndexFunc(top, unicode.IsLetter) >= 0
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}
