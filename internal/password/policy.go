package password

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
	"vestibule/internal/password/blocklist"
)

// Rules are what a password must be like. They are what the checklist shows and
// what decides, so that the two cannot differ.
type Rules struct {
	MinLength   int  // characters
	MaxLength   int  // characters; 128 or more (ASVS V6.2.9)
	Groups      int  // of four: lower case, upper case, digits, others; 0: not asked
	GroupsUntil int  // from this length on groups are not asked
	Pieces      int  // that do not follow from one another; 0: not asked
	Blocklist   bool // refuse the passwords that everybody knows
	Context     bool // refuse the words around the person
	History     int  // how many former passwords are refused
}

// fewestPieces leaves no room for 300 times an x, 1234567890ab, or one short word
// over and over: SP 800-63B-4 §3.1.1.2 has such passwords on the list of those
// that everybody expects.
const fewestPieces = 6

// Guide is the profile that the client guide describes.
func Guide() Rules {
	return Rules{MinLength: 12, MaxLength: 512, Groups: 3, GroupsUntil: 20, Pieces: fewestPieces, Blocklist: true, Context: true, History: 5}
}

// NIST is the profile of NIST SP 800-63B-4 §3.1.1.2: length, no composition.
func NIST(authenticatorRequired bool) Rules {
	r := Rules{MinLength: 15, MaxLength: 512, Pieces: fewestPieces, Blocklist: true, Context: true, History: 0}
	if authenticatorRequired {
		r.MinLength = 8
	}
	return r
}

// The rules' codes, in the order of the checklist. Words stand in the catalogue
// under "password.rule." and, for a refusal, "fault.password-".
const (
	RuleLength  = "length"
	RuleLongest = "longest"
	RuleGroups  = "groups"
	RuleVariety = "variety"
	RuleContext = "context"
	RuleCommon  = "common"
	RuleHistory = "history"
)

// A Finding says of one rule whether the password keeps it.
type Finding struct {
	Rule string
	Met  bool
	Args map[string]string // fills the places in the rule's words
}

// Check judges a password by every rule but the history, which takes hashes.
// words are those around the person: names, addresses, organisation, vendor,
// product. An empty password keeps no rule.
func (r Rules) Check(password string, words []string) []Finding {
	password = norm.NFC.String(password)
	n := utf8.RuneCountInString(password)
	var f []Finding
	add := func(rule string, met bool, args ...string) {
		a := map[string]string{}
		for i := 0; i+1 < len(args); i += 2 {
			a[args[i]] = args[i+1]
		}
		f = append(f, Finding{Rule: rule, Met: met && n > 0, Args: a})
	}
	add(RuleLength, n >= r.MinLength, "n", strconv.Itoa(r.MinLength))
	if n > r.MaxLength {
		add(RuleLongest, false, "n", strconv.Itoa(r.MaxLength))
		return f // the rest would be work for nothing
	}
	if r.Groups > 0 {
		add(RuleGroups, n >= r.GroupsUntil || groups(password) >= r.Groups, "groups", strconv.Itoa(r.Groups), "n", strconv.Itoa(r.GroupsUntil))
	}
	if r.Pieces > 0 {
		add(RuleVariety, pieces(password) >= r.Pieces)
	}
	if r.Context {
		add(RuleContext, Around(password, words) == "")
	}
	if r.Blocklist {
		add(RuleCommon, !blocklist.Contains(password))
	}
	return f
}

// Refusal is nil when every rule is kept, else the first that is not, as
// Invalid "password-" and the rule, on the field.
func Refusal(field string, findings []Finding) error {
	for _, f := range findings {
		if !f.Met {
			e := fault.OnField(field, "password-"+f.Rule)
			e.Args = f.Args
			return e
		}
	}
	return nil
}

// groups counts which of lower case, upper case, digits and others occur.
// Letters without case are others: a phrase in Chinese has one group less to find.
func groups(s string) int {
	var lower, upper, digit, other int
	for _, c := range s {
		switch {
		case unicode.IsLower(c):
			lower = 1
		case unicode.IsUpper(c):
			upper = 1
		case unicode.IsDigit(c):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

// pieces counts what does not follow from what stands before it: a character
// again and again, a sequence or a row of the keyboard is one piece, and so is
// a sequence of those; a text over and over counts once.
func pieces(password string) int {
	s := []rune(fold(password))
	for before := len(s) + 1; len(s) < before; {
		before = len(s)
		s = once(heads(s))
	}
	return len(s)
}

// heads leaves the first character of each run.
func heads(s []rune) (left []rune) {
	for i := 0; i < len(s); {
		left = append(left, s[i])
		n := run(s[i:])
		if n == 2 && s[i] != s[i+1] {
			n = 1 // two neighbours are in every word
		}
		i += n
	}
	return left
}

// once returns what s says over and over, the last time perhaps not to its end.
func once(s []rune) []rune {
	for period := 1; 2*period <= len(s); period++ {
		if slices.Equal(s[period:], s[:len(s)-period]) {
			return s[:period]
		}
	}
	return s
}

// Around returns the first of the words around the person that the password
// contains, or "". Words are cut where letters and digits end; those of fewer
// than four characters (two outside the Latin script) are too common to count.
func Around(password string, words []string) string {
	folded := fold(password)
	for _, w := range words {
		for part := range strings.FieldsFuncSeq(fold(w), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			least := 4
			if first, _ := utf8.DecodeRuneInString(part); first > 0x2E7F {
				least = 2
			}
			if utf8.RuneCountInString(part) >= least && !common(part) && strings.Contains(folded, part) {
				return part
			}
		}
	}
	return ""
}

// common are parts of names and addresses that say nothing about the person.
func common(part string) bool {
	switch part {
	case "gmbh", "limited", "mail", "example", "info", "office", "with", "from":
		return true
	}
	return false
}

func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }
