package verify

// A Code says how a check ended. Codes stay the same from version to version;
// new ones may be added, and a product treats one that it does not know as a
// refusal.
type Code string

// The codes. With Valid and InGrace the product may run.
const (
	Valid   Code = "valid"
	InGrace Code = "in-grace"

	FileTooLarge Code = "file-too-large"
	BadArmour    Code = "bad-armour"
	UnknownKey   Code = "unknown-key"
	BadSignature Code = "bad-signature"
	BadClaims    Code = "bad-claims"

	WrongProduct      Code = "wrong-product"
	WrongDevice       Code = "wrong-device"
	ClockSetBack      Code = "clock-set-back"
	BadState          Code = "bad-state"
	Revoked           Code = "revoked"
	ListMissing       Code = "list-missing"
	ListTooOld        Code = "list-too-old"
	ListRolledBack    Code = "list-rolled-back"
	NotYetValid       Code = "not-yet-valid"
	FileEnded         Code = "file-ended"
	Expired           Code = "expired"
	MaintenanceLapsed Code = "maintenance-lapsed"

	// Of what people type.
	CodeCharacter Code = "code-character"
	CodeGroup     Code = "code-group"
	CodeShort     Code = "code-short"
	CodeLong      Code = "code-long"
	BadCode       Code = "bad-code"
	KeyCharacter  Code = "key-character"
	KeyShort      Code = "key-short"
	KeyLong       Code = "key-long"
	KeyCheck      Code = "key-check"
)

// Explain says in a plain English sentence what a code means and what to do. A
// product that speaks another language has its own sentences by Code.
func (c Code) Explain() string {
	switch c {
	case Valid:
		return "The licence is valid."
	case InGrace:
		return "The licence has ended, and the product goes on for a few days of grace: renew it."
	case FileTooLarge:
		return "The file is too large to be what it should be: download it again."
	case BadArmour:
		return "The file is not whole, or is not a licence file: download it again, and do not edit it."
	case UnknownKey:
		return "The file is signed by a key that this version does not know: update the product, or check where the file comes from."
	case BadSignature:
		return "The signature does not fit: the file was changed. Download it again."
	case BadClaims:
		return "The file is signed rightly and says what this version does not understand: update the product."
	case WrongProduct:
		return "The licence is for another product."
	case WrongDevice:
		return "The licence is for another device, or for another key."
	case ClockSetBack:
		return "The clock of this computer is behind a time that has already been: set it right."
	case BadState:
		return "What the product remembers about earlier checks cannot be read or written: check the rights on its file."
	}
	return c.explainMore()
}

func (c Code) explainMore() string {
	switch c {
	case Revoked:
		return "The licence was withdrawn: ask your administrator."
	case ListMissing:
		return "The list of withdrawn licences is missing: fetch it from the portal."
	case ListTooOld:
		return "The list of withdrawn licences is out of date: fetch the newest from the portal."
	case ListRolledBack:
		return "The list of withdrawn licences is older than one that was seen here: fetch the newest from the portal."
	case NotYetValid:
		return "The licence has not begun yet."
	case FileEnded:
		return "This licence file has served its time: fetch a new one from the portal."
	case Expired:
		return "The licence has ended: renew it, or ask for more time."
	case MaintenanceLapsed:
		return "This version came out after maintenance had ended: renew maintenance, or use an earlier version."
	case CodeCharacter:
		return "There is a character in this group that no code has."
	case CodeGroup:
		return "There is a typing error in this group."
	case CodeShort:
		return "The code is not whole: something is missing at its end."
	case CodeLong:
		return "The code is longer than any code is."
	case BadCode:
		return "This is not the code that is asked for here."
	case KeyCharacter:
		return "There is a character that no licence key has."
	case KeyShort:
		return "The licence key is not whole."
	case KeyLong:
		return "The licence key is too long."
	case KeyCheck:
		return "There is a typing error in the licence key."
	}
	return "The licence cannot be used."
}
