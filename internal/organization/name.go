package organization

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NameKey folds an organization's name so that like names are equal: without
// case, accents, punctuation and the words for a company's legal form. It is
// for suggestions to staff, never for decisions.
func NameKey(name string) string {
	words := strings.FieldsFunc(Fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	kept := words[:0:0]
	for _, w := range words {
		if !isLegalForm(w) {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 { // a company whose whole name is such a word
		kept = words
	}
	return strings.Join(kept, " ")
}

// Fold writes text without case and accents, for finding.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isLegalForm(word string) bool {
	switch word {
	case "ag", "gmbh", "mbh", "kg", "ohg", "ug", "se", "ev", "eg", "kgaa",
		"ltd", "limited", "plc", "llp", "llc", "inc", "incorporated", "corp", "corporation", "co", "company",
		"sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "as", "asa", "oy", "oyj", "aps", "kft", "zrt",
		"doo", "sro", "pty", "pte", "kk", "sl", "the":
		return true
	}
	return false
}
