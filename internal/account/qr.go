package account

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QR draws a text as a QR code: the side in modules, without the quiet zone, and
// the dark modules as the path of an SVG whose viewBox is that side.
func QR(text string) (side int, path string, err error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return 0, "", fmt.Errorf("account: %w", err)
	}
	side = code.Bounds().Dx()
	dark := func(x, y int) bool { r, _, _, _ := code.At(x, y).RGBA(); return r == 0 }
	var b strings.Builder
	for y := range side {
		for x := 0; x < side; {
			n := 0
			for x+n < side && dark(x+n, y) {
				n++
			}
			if n > 0 {
				w := strconv.Itoa(n)
				b.WriteString("M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h" + w + "v1h-" + w + "z")
			}
			x += max(n, 1)
		}
	}
	return side, b.String(), nil
}
