package account

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"vestibule/internal/fault"
)

// ParseMobile reads a number as people write it in a country (ISO 3166-1
// alpha-2), or with a leading + whatever the country, and returns it as E.164. A
// failure is Invalid on the field "mobile" with a code that says why:
// mobile-empty, mobile-country, mobile-shape, mobile-short, mobile-long,
// mobile-impossible (no such number is given out there), mobile-fixed (it takes
// no text messages).
func ParseMobile(country, number string) (string, error) {
	const field = "mobile"
	number = strings.TrimFunc(number, unicode.IsSpace)
	switch {
	case number == "":
		return "", fault.OnField(field, "mobile-empty")
	case len(number) > 64:
		return "", fault.OnField(field, "mobile-long")
	case strings.IndexFunc(number, func(c rune) bool { return !unicode.IsDigit(c) && !strings.ContainsRune("+()-./ \u00a0\u2011\u2013", c) }) >= 0:
		return "", fault.OnField(field, "mobile-shape")
	}
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	country = strings.ToUpper(country)
	if !strings.HasPrefix(number, "+") && phonenumbers.GetCountryCodeForRegion(country) == 0 {
		return "", fault.OnField(field, "mobile-country")
	}
	n, err := phonenumbers.Parse(number, country)
	if err != nil {
		return "", fault.OnField(field, "mobile-shape")
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return "", fault.OnField(field, "mobile-short")
	case phonenumbers.TOO_LONG:
		return "", fault.OnField(field, "mobile-long")
	case phonenumbers.INVALID_COUNTRY_CODE:
		return "", fault.OnField(field, "mobile-country")
	case phonenumbers.INVALID_LENGTH:
		return "", fault.OnField(field, "mobile-impossible")
	}
	e164 := phonenumbers.Format(n, phonenumbers.E164)
	if fictional(e164) {
		return e164, nil
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.PERSONAL_NUMBER, phonenumbers.VOIP:
		return e164, nil
	case phonenumbers.UNKNOWN:
		return "", fault.OnField(field, "mobile-impossible")
	}
	return "", fault.OnField(field, "mobile-fixed")
}

// fictional reports the mobile numbers that Ofcom keeps for drama. Nobody has
// them, examples use them, and a code sent there reaches nobody.
func fictional(e164 string) bool {
	return strings.HasPrefix(e164, "+447700900") && len(e164) == 13
}

// MobileCountry returns the country of an E.164 number, or "".
func MobileCountry(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == "" {
		region = phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	}
	return region
}

// MobileParts returns a number's country and the number as it is written there,
// to fill a form with.
func MobileParts(e164 string) (country, national string) {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "", ""
	}
	return MobileCountry(e164), phonenumbers.Format(n, phonenumbers.NATIONAL)
}

// MaskMobile shows a number so that its owner knows it and nobody else does:
// the country code, the first two digits and the last three.
func MaskMobile(e164 string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "•••"
	}
	national := phonenumbers.GetNationalSignificantNumber(n)
	if len(national) < 7 {
		return "+" + itoa(int(n.GetCountryCode())) + " •••" + national[max(0, len(national)-2):]
	}
	return "+" + itoa(int(n.GetCountryCode())) + " " + national[:2] + "•• •••" + national[len(national)-3:]
}
