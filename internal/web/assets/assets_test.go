package assets

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestBothSheetsStaySmall(t *testing.T) {
	if n := len(read("tokens.css")) + len(read("portal.css")); n >= 24_000 {
		t.Errorf("%d bytes; add a rule only if two pages need it", n)
	}
}

// asvs: V1.3.2 V3.2.2 V3.6.1 V14.2.3 V14.3.3
func TestTheScriptStaysSmallAndAsksNobodyElse(t *testing.T) {
	for name, most := range map[string]int{"portal.js": 10_000, "upload.js": 4_000} {
		js := string(read(name))
		if len(js) > most {
			t.Errorf("%s: %d bytes", name, len(js))
		}
		for _, wrong := range []string{"http://", "https://", "eval(", "innerHTML", "document.write", "localStorage"} {
			if strings.Contains(js, wrong) {
				t.Errorf("%s has %s", name, wrong)
			}
		}
	}
}

func TestAssetsAreNamedAfterTheirContent(t *testing.T) {
	a, b := Make("/assets/x.css", "text/css", []byte("a")), Make("/assets/x.css", "text/css", []byte("b"))
	if a.Path == b.Path || !regexp.MustCompile(`^/assets/x-[0-9a-f]{12}\.css$`).MatchString(a.Path) || a.Zipped != nil {
		t.Errorf("%s and %s", a.Path, b.Path)
	}
	for _, one := range All() {
		if one.Zipped == nil {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(one.Zipped))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, one.Data) {
			t.Errorf("%s: what is packed is not what is there: %v", one.Path, err)
		}
	}
	if strings.Contains(string(table["portal.css"].Data), "url(fonts/") {
		t.Error("the sheet asks for fonts without hash")
	}
}

// The vendor may choose any accent: every pair of text and ground must stay
// readable (WCAG 2.2, 1.4.3: 4.5; 1.4.11: 3) in both schemes.
func TestEveryAccentStaysReadable(t *testing.T) {
	tokens := parseTokens(t, string(read("tokens.css")))
	text := []string{"text", "muted", "accent", "ok", "warn", "bad"}
	grounds := []string{"bg", "surface", "sunken"}
	type pair struct {
		front, back string
		least       float64
	}
	var pairs []pair
	for _, f := range text {
		for _, g := range grounds {
			pairs = append(pairs, pair{f, g, 4.5})
		}
	}
	pairs = append(pairs,
		pair{"text", "hover", 4.5}, pair{"text", "tint", 4.5}, pair{"accent", "tint", 4.5}, pair{"muted", "hover", 4.5},
		pair{"accent-deep", "surface", 4.5}, pair{"accent-deep", "bg", 4.5},
		pair{"on-accent", "accent", 4.5}, pair{"on-accent", "accent-deep", 4.5},
		pair{"ok", "ok-tint", 4.5}, pair{"warn", "warn-tint", 4.5}, pair{"bad", "bad-tint", 4.5},
		pair{"text", "warn-tint", 4.5}, pair{"text", "bad-tint", 4.5}, pair{"text", "ok-tint", 4.5},
		pair{"edge", "bg", 3}, pair{"edge", "surface", 3}, pair{"edge", "sunken", 3},
		pair{"focus", "surface", 3}, pair{"focus", "bg", 3},
	)
	for _, brand := range []string{
		"#000000", "#ffffff", "#808080", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff", "#ff00ff",
		"#0b5f80", "#c8102e", "#ffcc00", "#7a003c", "#003366", "#2e8b57", "#ff7f00", "#663399", "#d2b48c",
	} {
		for _, dark := range []bool{false, true} {
			for _, p := range pairs {
				f, b := tokens.color(t, p.front, brand, dark), tokens.color(t, p.back, brand, dark)
				if c := contrast(f, b); c < p.least {
					t.Errorf("%s, dark %v: %s on %s is %.2f, less than %v", brand, dark, p.front, p.back, c, p.least)
				}
			}
		}
	}
}

type rgb [3]float64 // linear light

func contrast(a, b rgb) float64 {
	lum := func(c rgb) float64 { return .2126*c[0] + .7152*c[1] + .0722*c[2] }
	hi, lo := max(lum(a), lum(b)), min(lum(a), lum(b))
	return (hi + .05) / (lo + .05)
}

func srgb(s string) rgb {
	s = s[1:]
	if len(s) == 3 {
		s = string([]byte{s[0], s[0], s[1], s[1], s[2], s[2]})
	}
	var c rgb
	for i := range c {
		n, err := strconv.ParseUint(s[2*i:2*i+2], 16, 8)
		if err != nil {
			panic(err)
		}
		v := float64(n) / 255
		if v <= .04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+.055)/1.055, 2.4)
		}
	}
	return c
}

// oklch and back: the matrices of CSS Color 4, 9.2.
func toOklch(c rgb) (l, ch, h float64) {
	lms := [3]float64{
		math.Cbrt(.4122214708*c[0] + .5363325363*c[1] + .0514459929*c[2]),
		math.Cbrt(.2119034982*c[0] + .6806995451*c[1] + .1073969566*c[2]),
		math.Cbrt(.0883024619*c[0] + .2817188376*c[1] + .6299787005*c[2]),
	}
	l = .2104542553*lms[0] + .7936177850*lms[1] - .0040720468*lms[2]
	a := 1.9779984951*lms[0] - 2.4285922050*lms[1] + .4505937099*lms[2]
	b := .0259040371*lms[0] + .7827717662*lms[1] - .8086757660*lms[2]
	return l, math.Hypot(a, b), math.Atan2(b, a)
}

func fromOklch(l, ch, h float64) rgb {
	a, b := ch*math.Cos(h), ch*math.Sin(h)
	cube := func(x float64) float64 { return x * x * x }
	L := cube(l + .3963377774*a + .2158037573*b)
	M := cube(l - .1055613458*a - .0638541728*b)
	S := cube(l - .0894841775*a - 1.2914855480*b)
	clip := func(x float64) float64 { return min(max(x, 0), 1) } // as browsers do
	return rgb{
		clip(4.0767416621*L - 3.3077115913*M + .2309699292*S),
		clip(-1.2684380046*L + 2.6097574011*M - .3413193965*S),
		clip(-.0041960863*L - .7034186147*M + 1.7076147010*S),
	}
}

type tokenTable map[string][2]string // light, dark

var token = regexp.MustCompile(`(?m)^\s*--([a-z-]+): light-dark\((.*)\);$`)

func parseTokens(t *testing.T, css string) tokenTable {
	t.Helper()
	all := tokenTable{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		parts := arguments(m[2], ',')
		if len(parts) != 2 {
			t.Fatalf("--%s: %q", m[1], parts)
		}
		all[m[1]] = [2]string{parts[0], parts[1]}
	}
	return all
}

// arguments splits at sep outside parentheses.
func arguments(s string, sep byte) (parts []string) {
	depth, from := 0, 0
	for i := range len(s) {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')':
			depth--
		case s[i] == sep && depth == 0:
			parts = append(parts, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[from:]))
}

func (all tokenTable) color(t *testing.T, name, brand string, dark bool) rgb {
	t.Helper()
	def, ok := all[name]
	if !ok {
		t.Fatalf("no token --%s", name)
	}
	value := def[0]
	if dark {
		value = def[1]
	}
	if value[0] == '#' {
		return srgb(value)
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(value, "oklch("), ")")
	vars := map[string]float64{}
	if rest, ok := strings.CutPrefix(inner, "from var(--brand) "); ok {
		inner = rest
		vars["l"], vars["c"], vars["h"] = toOklch(srgb(brand))
	}
	part := arguments(inner, ' ')
	if len(part) != 3 {
		t.Fatalf("--%s: %q", name, value)
	}
	h := evaluate(t, part[2], vars)
	if len(vars) == 0 {
		h *= math.Pi / 180
	}
	return fromOklch(evaluate(t, part[0], vars), evaluate(t, part[1], vars), h)
}

// evaluate knows what the tokens use: numbers, l, c, h, "l - .08", min and max.
func evaluate(t *testing.T, s string, vars map[string]float64) float64 {
	t.Helper()
	s = strings.TrimSpace(s)
	if v, ok := vars[s]; ok {
		return v
	}
	for name, pick := range map[string]func(float64, float64) float64{"min(": math.Min, "max(": math.Max} {
		if rest, ok := strings.CutPrefix(s, name); ok {
			two := arguments(strings.TrimSuffix(rest, ")"), ',')
			return pick(evaluate(t, two[0], vars), evaluate(t, two[1], vars))
		}
	}
	if a, b, ok := strings.Cut(s, " - "); ok {
		return evaluate(t, a, vars) - evaluate(t, b, vars)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}
