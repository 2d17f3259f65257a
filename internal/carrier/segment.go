package carrier

import (
	"strings"
	"unicode/utf16"
)

// The characters of the GSM 7-bit default alphabet, and those of its extension
// table that take two places (3GPP TS 23.038, 6.2.1).
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmTwice = "^{}\\[~]|€\f"
)

// GSM7 reports how many septets s takes in the GSM 7-bit alphabet, and whether
// it can be written in that at all.
func GSM7(s string) (septets int, ok bool) {
	for _, r := range s {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmTwice, r):
			septets += 2
		default:
			return 0, false
		}
	}
	return septets, true
}

// OneSegment reports whether a text message is sent as one, not as parts: 160
// septets, or 70 units of UCS-2 where a character needs it.
func OneSegment(s string) bool {
	if n, ok := GSM7(s); ok {
		return n <= 160
	}
	return len(utf16.Encode([]rune(s))) <= 70
}
