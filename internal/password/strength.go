package password

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vestibule/internal/password/blocklist"
)

// Strength says how long a guesser who knows people would need: 0 at once, 1
// weak, 2 fair, 3 good, 4 strong. It is advice beside the checklist and decides
// nothing.
//
// It estimates as zxcvbn does (Wheeler, USENIX Security 2016): what follows
// from something (a repetition, a sequence, a row of the keyboard, a word
// around the person, an entry of the blocklist) counts as one guess among
// many, and the rest by the kinds of characters. The library itself would cost
// every start 35 ms and 20 MB for its tables.
func Strength(password string, words []string) int {
	password = norm.NFC.String(password)
	if utf8.RuneCountInString(password) > 64 {
		return 4
	}
	bits := surprise(password, words)
	for limit, score := range []float64{20, 34, 48, 64} {
		if bits < score {
			return limit
		}
	}
	return 4
}

func surprise(password string, words []string) float64 {
	lower := []rune(strings.ToLower(password))
	bits := 0.0
	for part := Around(password, words); part != ""; part = Around(string(lower), words) {
		lower = []rune(strings.Replace(string(lower), part, "", 1))
		bits += 3
	}
	perCharacter := math.Log2(float64(alphabet(password)))
	letters := 0
	for i := 0; i < len(lower); {
		if n := known(lower[i:]); n > 0 {
			bits += 16
			i += n
			continue
		}
		if n := run(lower[i:]); n > 2 {
			bits += perCharacter + math.Log2(float64(n))
			i += n
			continue
		}
		if unicode.IsLetter(lower[i]) {
			letters++
		}
		bits += perCharacter
		i++
	}
	// People write words, and letters of words follow from one another.
	return bits - float64(letters)*max(0, perCharacter-3)
}

// known returns the length of the longest entry of the blocklist at the
// beginning, or 0.
func known(s []rune) int {
	for n := min(len(s), 20); n >= blocklist.Shortest; n-- {
		if blocklist.Contains(string(s[:n])) {
			return n
		}
	}
	return 0
}

const rows = "qwertyuiop asdfghjkl zxcvbnm 1234567890 qwertz yxcvbnm azerty"

// run returns how many characters at the beginning repeat, count up or down, or
// lie side by side on a keyboard.
func run(s []rune) int {
	longest := 1
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(s) && s[n]-s[n-1] == step {
			n++
		}
		longest = max(longest, n)
	}
	n := 1
	for n < len(s) && strings.Contains(rows, string(s[:n+1])) {
		n++
	}
	return max(longest, n)
}

func alphabet(s string) int {
	var lower, upper, digit, other, wide int
	for _, c := range s {
		switch {
		case c > 0x2E7F:
			wide = 2000
		case unicode.IsLower(c):
			lower = 26
		case unicode.IsUpper(c):
			upper = 26
		case unicode.IsDigit(c):
			digit = 10
		default:
			other = 33
		}
	}
	return max(lower+upper+digit+other+wide, 2)
}
