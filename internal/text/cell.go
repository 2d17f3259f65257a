package text

import "strings"

// Cell is a text that a spreadsheet does not take for a formula, whoever typed it: one that begins like a formula gets an
// apostrophe before it (OWASP, CSV injection; ASVS V1.2.10).
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
