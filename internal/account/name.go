package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
)

const (
	maxName         = 80
	maxOrganization = 160
)

// ParseName reads a first or last name: in NFC, with single spaces. A failure is
// Invalid with a code: name-empty, name-long, name-control (control characters,
// direction overrides, invisible ones), name-url, name-characters.
func ParseName(s string) (string, error) {
	s, err := parseLine(s, maxName)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(s, `<>{}[]\|^=;"/@#`) || strings.IndexFunc(s, unicode.IsLetter) < 0 {
		if linkish(s) {
			return "", fault.OnField("", "name-url")
		}
		return "", fault.OnField("", "name-characters")
	}
	if linkish(s) {
		return "", fault.OnField("", "name-url")
	}
	return s, nil
}

// ParseOrganization reads the name of an organisation. Names such as
// "Booking.com B.V." exist, so a bare domain is none; a scheme, "www.", a domain
// with a path, and an address are: what is typed here stands in mails to an
// address that a stranger may have typed. The codes are those of ParseName.
func ParseOrganization(s string) (string, error) {
	s, err := parseLine(s, maxOrganization)
	if err != nil {
		return "", err
	}
	lower := strings.ToLower(s)
	if strings.Contains(lower, "://") || strings.HasPrefix(lower, "www.") || strings.Contains(lower, " www.") || pathish(lower) {
		return "", fault.OnField("", "name-url")
	}
	if strings.ContainsAny(s, "<>") || strings.IndexFunc(s, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }) < 0 {
		return "", fault.OnField("", "name-characters")
	}
	return s, nil
}

func parseLine(s string, longest int) (string, error) {
	if len(s) > 8*longest {
		return "", fault.OnField("", "name-long").With("n", itoa(longest))
	}
	if !utf8.ValidString(s) {
		return "", fault.OnField("", "name-control")
	}
	s = strings.Trim(s, " \t\r\n")
	if strings.IndexFunc(s, hidden) >= 0 {
		return "", fault.OnField("", "name-control")
	}
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch {
	case s == "":
		return "", fault.OnField("", "name-empty")
	case utf8.RuneCountInString(s) > longest:
		return "", fault.OnField("", "name-long").With("n", itoa(longest))
	}
	return s, nil
}

// hidden reports characters that no name needs and that deceive the eye or a
// terminal: controls, direction overrides, private ones. The two joiners stay:
// Persian and Indic names are written with them.
func hidden(c rune) bool {
	return unicode.IsControl(c) || c != '\u200c' && c != '\u200d' && unicode.Is(unicode.Cf, c) ||
		unicode.Is(unicode.Co, c) || c == '\u2028' || c == '\u2029' || c == unicode.ReplacementChar
}

// linkish reports what mail programs turn into a link: a scheme, "www.", or a
// word of three letters or more, a dot and a top-level domain.
func linkish(s string) bool {
	lower := strings.ToLower(s)
	if strings.Contains(lower, "://") || strings.Contains(lower, "www.") {
		return true
	}
	for word := range strings.FieldsSeq(lower) {
		before, after, found := strings.Cut(word, ".")
		if found && utf8.RuneCountInString(before) >= 3 && utf8.RuneCountInString(strings.TrimRight(after, ".,")) >= 2 {
			return true
		}
	}
	return false
}

// pathish reports a domain with something behind it, or an e-mail address.
func pathish(s string) bool {
	for word := range strings.FieldsSeq(s) {
		if strings.Contains(word, "@") && strings.Contains(word, ".") {
			return true
		}
		if i := strings.IndexAny(word, "/?#:\\"); i > 0 && linkish(word[:i]) {
			return true
		}
	}
	return false
}

func isWord(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.M, c)
}
