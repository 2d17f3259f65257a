package message

import (
	"fmt"
	"math"
	"strconv"
)

// A palette is the colours of an e-mail, as #rrggbb. Mail programs know
// neither custom properties nor oklch(), so what the portal's style sheet
// computes from the vendor's one colour in the browser is computed here.
type palette struct {
	Back     string // the page
	Box      string // the letter on it
	Quiet    string // a note in it
	Line     string
	Ink      string
	Soft     string
	Accent   string
	OnAccent string
}

// palettes returns the colours for light and for dark surroundings. The
// lightness of the accent is held where text on it and text in it stay readable
// whatever the vendor chose (WCAG 2.2, 1.4.3), as in the portal's tokens.
func palettes(accent string) (light, dark palette, err error) {
	b, err := parseHex(accent)
	if err != nil {
		return light, dark, err
	}
	brand := b.oklch()
	neutral := func(l, c float64) string { return oklch{l, c, brand.h}.hex() }
	light = palette{
		Back: neutral(.978, .004), Box: "#ffffff", Quiet: neutral(.968, .007), Line: neutral(.91, .008),
		Ink: neutral(.23, .02), Soft: neutral(.47, .018),
		Accent: oklch{min(brand.l, .5), min(brand.c, .17), brand.h}.hex(), OnAccent: "#ffffff",
	}
	dark = palette{
		Back: neutral(.175, .01), Box: neutral(.21, .012), Quiet: neutral(.255, .014), Line: neutral(.305, .014),
		Ink: neutral(.95, .006), Soft: neutral(.75, .012),
		Accent: oklch{max(brand.l, .76), min(brand.c, .1), brand.h}.hex(), OnAccent: neutral(.19, .025),
	}
	return light, dark, nil
}

// rgb is a colour in linear light, each part from 0 to 1.
type rgb struct{ r, g, b float64 }

// oklch is lightness from 0 to 1, chroma, and hue in radians
// (https://www.w3.org/TR/css-color-4/#ok-lab).
type oklch struct{ l, c, h float64 }

func parseHex(s string) (rgb, error) {
	n, err := strconv.ParseUint(s[min(1, len(s)):], 16, 32)
	if len(s) != 7 || s[0] != '#' || err != nil {
		return rgb{}, fmt.Errorf("message: the accent colour must be written like #0b5f80, not %q", s)
	}
	part := func(shift uint) float64 {
		v := float64(n>>shift&255) / 255
		if v <= .04045 {
			return v / 12.92
		}
		return math.Pow((v+.055)/1.055, 2.4)
	}
	return rgb{part(16), part(8), part(0)}, nil
}

func (c rgb) oklch() oklch {
	l := math.Cbrt(.4122214708*c.r + .5363325363*c.g + .0514459929*c.b)
	m := math.Cbrt(.2119034982*c.r + .6806995451*c.g + .1073969566*c.b)
	s := math.Cbrt(.0883024619*c.r + .2817188376*c.g + .6299787005*c.b)
	a := 1.9779984951*l - 2.4285922050*m + .4505937099*s
	b := .0259040371*l + .7827717662*m - .8086757660*s
	return oklch{.2104542553*l + .7936177850*m - .0040720468*s, math.Hypot(a, b), math.Atan2(b, a)}
}

func (o oklch) rgb() rgb {
	a, b := o.c*math.Cos(o.h), o.c*math.Sin(o.h)
	cube := func(x float64) float64 { return x * x * x }
	l := cube(o.l + .3963377774*a + .2158037573*b)
	m := cube(o.l - .1055613458*a - .0638541728*b)
	s := cube(o.l - .0894841775*a - 1.2914855480*b)
	return rgb{
		4.0767416621*l - 3.3077115913*m + .2309699292*s,
		-1.2684380046*l + 2.6097574011*m - .3413193965*s,
		-.0041960863*l - .7034186147*m + 1.7076147010*s,
	}
}

// hex writes the colour; one that no screen shows loses chroma until one does.
func (o oklch) hex() string {
	c := o.rgb()
	for !c.shown() && o.c > 0 {
		o.c = max(0, o.c-.002)
		c = o.rgb()
	}
	part := func(v float64) int {
		v = min(1, max(0, v))
		if v <= .0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - .055
		}
		return int(math.Round(v * 255))
	}
	return fmt.Sprintf("#%02x%02x%02x", part(c.r), part(c.g), part(c.b))
}

func (c rgb) shown() bool {
	const slack = .0005
	for _, v := range []float64{c.r, c.g, c.b} {
		if v < -slack || v > 1+slack {
			return false
		}
	}
	return true
}
