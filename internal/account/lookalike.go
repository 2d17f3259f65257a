package account

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Skeleton folds letters that look alike into one, in the manner of UTS #39 §4:
// two names of one skeleton cannot be told apart by eye. It knows the letters
// of Cyrillic, Greek and Armenian that look Latin, and the digits that look
// like letters do in many faces stay apart, since names hold numbers.
func Skeleton(s string) string {
	s = strings.ToLower(norm.NFKC.String(s))
	return strings.Map(func(c rune) rune {
		if latin, ok := lookAlikes()[c]; ok {
			return latin
		}
		return c
	}, s)
}

func lookAlikes() map[rune]rune {
	return map[rune]rune{
		// Cyrillic
		'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'ё': 'e', 'ғ': 'f', 'һ': 'h', 'н': 'h', 'і': 'i', 'ї': 'i', 'ј': 'j', 'к': 'k',
		'ӏ': 'l', 'м': 'm', 'п': 'n', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't', 'ц': 'u', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y',
		// Greek
		'α': 'a', 'β': 'b', 'ε': 'e', 'η': 'n', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'ω': 'w',
		// Armenian
		'ո': 'n', 'օ': 'o', 'ս': 'u', 'հ': 'h', 'զ': 'q', 'ց': 'g',
		// Latin letters that are drawn as another
		'ı': 'i', 'ɑ': 'a', 'ɡ': 'g', 'ƅ': 'b',
	}
}

// mixed reports whether a name mixes scripts in the way that look-alikes do:
// Latin with Cyrillic, Greek or Armenian, or those with one another. Scripts that are
// written together (Han, Hiragana, Katakana, Hangul, with Latin) may be.
func mixed(s string) bool {
	n := 0
	for _, script := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian} {
		if strings.IndexFunc(s, func(c rune) bool { return unicode.Is(script, c) }) >= 0 {
			n++
		}
	}
	return n > 1
}

// fold is for comparing and searching: no case, no accents.
func fold(s string) string {
	var b strings.Builder
	for _, c := range norm.NFD.String(strings.ToLower(norm.NFKC.String(s))) {
		if !unicode.Is(unicode.Mn, c) {
			b.WriteRune(c)
		}
	}
	return norm.NFC.String(b.String())
}
