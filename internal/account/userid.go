package account

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Pattern says how UserIDs are made of names: text in which {first}, {last},
// {f} and {l} stand for the names and their first letters.
type Pattern string

// DefaultPattern is the first letter and the last name.
const DefaultPattern Pattern = "{f}{last}"

const maxUserID = 32 // characters

// ParsePattern reads a pattern; it must contain a name.
func ParsePattern(s string) (Pattern, error) {
	rest := s
	for _, place := range []string{"{first}", "{last}", "{f}", "{l}"} {
		rest = strings.ReplaceAll(rest, place, "")
	}
	if rest == s || strings.ContainsAny(rest, "{} @") || len(s) > 64 {
		return "", fault.OnField("user_id_pattern", "user-id-pattern")
	}
	return Pattern(s), nil
}

// UserID makes a UserID: lower case, Latin letters without accents, safe by
// PRECIS (RFC 8265, UsernameCaseMapped). Other scripts stay as they are. Names
// of which nothing remains give "user".
func (p Pattern) UserID(first, last string) string {
	if p == "" {
		p = DefaultPattern
	}
	first, last = plain(first), plain(last)
	made := strings.NewReplacer("{first}", first, "{last}", last, "{f}", initial(first), "{l}", initial(last)).Replace(string(p))
	made = cut(made, maxUserID)
	safe, err := precis.UsernameCaseMapped.String(made)
	if err != nil || safe == "" {
		return "user"
	}
	return safe
}

// UserIDKey is what UserIDs are compared by: PRECIS, and one for all that look
// alike. It is "" for what can be no UserID.
func UserIDKey(userID string) string {
	if len(userID) > 8*maxUserID {
		return ""
	}
	safe, err := precis.UsernameCaseMapped.String(strings.TrimSpace(userID))
	if err != nil {
		return ""
	}
	return Skeleton(safe)
}

// numbered is the wanted UserID for the first try, then with a number; many
// people of one name get a number by chance, so that the search stays short.
func numbered(src secret.Source, wanted string, try int) string {
	switch {
	case try == 1:
		return wanted
	case try <= 20:
		return wanted + strconv.Itoa(try)
	default:
		return wanted + src.Digits(min(try/10+1, 9))
	}
}

// plain keeps letters and digits: lower case, Latin ones in ASCII.
func plain(name string) string {
	name = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "o", "œ", "oe", "å", "a", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i").
		Replace(strings.ToLower(norm.NFC.String(name)))
	var b strings.Builder
	for _, c := range norm.NFD.String(name) {
		// A mark on a Latin letter is dropped; elsewhere it is part of the letter.
		if unicode.Is(unicode.Mn, c) && c < 0x370 {
			continue
		}
		if unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.M, c) {
			b.WriteRune(c)
		}
	}
	return norm.NFC.String(b.String())
}

func initial(s string) string { return cut(s, 1) }

func cut(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

func itoa(n int) string { return strconv.Itoa(n) }
