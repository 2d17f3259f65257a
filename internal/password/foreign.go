package password

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what other systems hashed with; never for new hashes
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"vestibule/internal/fault"
)

// What the hash of another system may ask for at most: whoever gives us hashes
// cannot make a sign-in take longer than about a second of one core, or more
// memory than maxMemoryKiB. What was common practice is well within.
const (
	maxMemoryKiB  = 256 << 10 // Argon2
	maxKiBPasses  = 1 << 20   // Argon2: memory times passes, 1 GiB once
	maxPasses     = 16
	maxLanes      = 4
	minBcrypt     = 4
	maxBcrypt     = 14
	maxRounds     = 2_000_000 // PBKDF2: iterations times blocks of output
	minSaltBytes  = 4         // {SSHA} of old directories
	maxSaltBytes  = 64
	minHashBytes  = 16
	maxHashBytes  = 64
	maxEncoded    = 512
	bcryptEncoded = 60
)

// A foreign hash is one that another system made: it knows whether a text is
// the one that was hashed.
type foreign func(text []byte) bool

// Why a hash is not taken. The words are the catalogue's, under "fault.".
const (
	hashUnknown  = "password-hash-unknown"  // no form that is known, or broken
	hashCosts    = "password-hash-costs"    // beyond the bounds
	hashUnsalted = "password-hash-unsalted" // a table finds the password
)

// sealedForeign begins the stored form of a foreign hash. It is sealed because
// it has no pepper: without the keys file a stolen table is of no use.
const (
	sealedForeign = "$sealed$"
	foreignPlace  = "password/foreign"
)

// Adopt returns the form in which a hash of another system is stored: Check
// knows it and reports it as outdated. What cannot be checked within the bounds
// is Invalid "password-hash-unknown", "-costs" or "-unsalted".
//
// Taken are bcrypt ($2a$, $2b$, $2y$), PBKDF2 with SHA-1, SHA-256 or SHA-512 (PHC,
// passlib, Django, Werkzeug, OpenLDAP), Argon2i and Argon2id (PHC), and salted SHA
// of directories ({SSHA}, {SSHA256}, {SSHA512}).
func (h *Hasher) Adopt(encoded string) (stored string, err error) {
	if _, code := parseForeign(encoded); code != "" {
		return "", fault.New(fault.Invalid, code)
	}
	return sealedForeign + h.ring.Seal(foreignPlace, []byte(encoded)), nil
}

// opened is the foreign hash of a stored form, or nil.
func (h *Hasher) opened(stored string) foreign {
	sealed, ok := strings.CutPrefix(stored, sealedForeign)
	if !ok {
		return nil
	}
	encoded, err := h.ring.Open(foreignPlace, sealed)
	if err != nil {
		return nil
	}
	f, _ := parseForeign(string(encoded))
	return f
}

// parseForeign reads a hash of another system, or says why not.
func parseForeign(encoded string) (f foreign, code string) {
	if len(encoded) > maxEncoded {
		return nil, hashUnknown
	}
	if scheme, rest, ok := cutScheme(encoded); ok {
		return parseDirectory(scheme, rest)
	}
	switch {
	case strings.HasPrefix(encoded, "$2"):
		return parseBcrypt(encoded)
	case strings.HasPrefix(encoded, "$argon2"):
		return parseArgon2(encoded)
	case strings.HasPrefix(encoded, "$pbkdf2"):
		return parseModular(encoded)
	case strings.HasPrefix(encoded, "pbkdf2"):
		return parseDjango(encoded)
	case unsalted(encoded):
		return nil, hashUnsalted
	default:
		return nil, hashUnknown
	}
}

// cutScheme parts {SCHEME}rest (RFC 2307); the scheme comes in capitals.
func cutScheme(encoded string) (scheme, rest string, ok bool) {
	if !strings.HasPrefix(encoded, "{") {
		return "", "", false
	}
	scheme, rest, ok = strings.Cut(encoded[1:], "}")
	return strings.ToUpper(scheme), rest, ok
}

// unsalted recognises a bare digest: MD5, SHA-1, SHA-256 or SHA-512 in hex.
func unsalted(encoded string) bool {
	sum, err := hex.DecodeString(encoded)
	return err == nil && (len(sum) == 16 || len(sum) == sha1.Size || len(sum) == sha256.Size || len(sum) == sha512.Size)
}

func parseDirectory(scheme, rest string) (foreign, string) {
	switch scheme {
	case "SSHA":
		return parseSalted(sha1.New, rest)
	case "SSHA256":
		return parseSalted(sha256.New, rest)
	case "SSHA512":
		return parseSalted(sha512.New, rest)
	case "PBKDF2", "PBKDF2-SHA1", "PBKDF2-SHA256", "PBKDF2-SHA512":
		return parseRounds(digest(strings.TrimPrefix(strings.TrimPrefix(scheme, "PBKDF2"), "-")), strings.Split(rest, "$"))
	case "CRYPT":
		if strings.HasPrefix(rest, "$2") {
			return parseBcrypt(rest)
		}
		return nil, hashUnknown
	case "SHA", "SHA256", "SHA512", "MD5":
		return nil, hashUnsalted
	default:
		return nil, hashUnknown
	}
}

// parseSalted reads base64(digest(text + salt) + salt).
func parseSalted(made func() hash.Hash, rest string) (foreign, string) {
	raw, ok := unbase64(rest)
	size := made().Size()
	if !ok || len(raw) < size || len(raw) > size+maxSaltBytes {
		return nil, hashUnknown
	}
	sum, salt := raw[:size], raw[size:]
	if len(salt) < minSaltBytes {
		return nil, hashUnsalted
	}
	return func(text []byte) bool {
		h := made()
		h.Write(text)
		h.Write(salt)
		return hmac.Equal(h.Sum(nil), sum)
	}, ""
}

// parseBcrypt reads $2b$12$ and 53 characters. What a variant before 2a or the
// faulty 2x made is not checked as its maker would.
func parseBcrypt(encoded string) (foreign, string) {
	if len(encoded) != bcryptEncoded || encoded[3] != '$' || encoded[6] != '$' || strings.IndexByte("aby", encoded[2]) < 0 {
		return nil, hashUnknown
	}
	cost, err := strconv.Atoi(encoded[4:6])
	if err != nil || strings.IndexByte("0123456789", encoded[4]) < 0 {
		return nil, hashUnknown
	}
	if cost < minBcrypt || cost > maxBcrypt {
		return nil, hashCosts
	}
	for _, c := range []byte(encoded[7:]) {
		if c != '.' && c != '/' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return nil, hashUnknown
		}
	}
	stored := []byte(encoded)
	return func(text []byte) bool { return bcrypt.CompareHashAndPassword(stored, text) == nil }, ""
}

func parseArgon2(encoded string) (foreign, string) {
	a, code := decode(encoded)
	switch {
	case code != "":
		return nil, code
	case a.keyID != "": // a pepper that is not ours
		return nil, hashUnknown
	}
	key := argon2.IDKey
	if a.variant == "argon2i" {
		key = argon2.Key
	}
	return func(text []byte) bool {
		got := key(text, a.salt, a.params.Passes, a.params.MemoryKiB, a.params.Lanes, uint32(len(a.hash)))
		return subtle.ConstantTimeCompare(got, a.hash) == 1
	}, ""
}

// parseModular reads $pbkdf2-sha256$ROUNDS$SALT$HASH (passlib) and
// $pbkdf2-sha256$i=ROUNDS,l=LENGTH$SALT$HASH (PHC).
func parseModular(encoded string) (foreign, string) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return nil, hashUnknown
	}
	name := strings.TrimPrefix(strings.TrimPrefix(parts[1], "pbkdf2"), "-")
	rounds, length := parts[2], ""
	if strings.HasPrefix(rounds, "i=") {
		rounds, length, _ = strings.Cut(strings.TrimPrefix(rounds, "i="), ",")
	}
	f, code := parseRounds(digest(strings.ToUpper(name)), []string{rounds, parts[3], parts[4]})
	if sum, ok := unbase64(parts[4]); code == "" && length != "" && (!ok || length != "l="+strconv.Itoa(len(sum))) {
		return nil, hashUnknown
	}
	return f, code
}

// parseDjango reads pbkdf2_sha256$ROUNDS$SALT$BASE64 (Django) and
// pbkdf2:sha256:ROUNDS$SALT$HEX (Werkzeug). Their salt is the text as it stands.
func parseDjango(encoded string) (foreign, string) {
	parts := strings.Split(encoded, "$")
	var sum []byte
	var name, rounds, salt string
	ok := false
	switch {
	case len(parts) == 4 && strings.HasPrefix(parts[0], "pbkdf2_"):
		name, rounds, salt = strings.TrimPrefix(parts[0], "pbkdf2_"), parts[1], parts[2]
		sum, ok = unbase64(parts[3])
	case len(parts) == 3 && strings.HasPrefix(parts[0], "pbkdf2:"):
		head := strings.Split(parts[0], ":")
		if len(head) != 3 {
			return nil, hashUnknown
		}
		name, rounds, salt = head[1], head[2], parts[1]
		var err error
		sum, err = hex.DecodeString(parts[2])
		ok = err == nil
	}
	if !ok {
		return nil, hashUnknown
	}
	return stretched(digest(strings.ToUpper(name)), rounds, []byte(salt), sum)
}

// parseRounds reads rounds, salt and hash, the last two in base64.
func parseRounds(made func() hash.Hash, parts []string) (foreign, string) {
	if len(parts) != 3 {
		return nil, hashUnknown
	}
	salt, saltOK := unbase64(parts[1])
	sum, sumOK := unbase64(parts[2])
	if !saltOK || !sumOK {
		return nil, hashUnknown
	}
	return stretched(made, parts[0], salt, sum)
}

// stretched is PBKDF2 (RFC 8018 §5.2).
func stretched(made func() hash.Hash, rounds string, salt, sum []byte) (foreign, string) {
	n, err := strconv.Atoi(rounds)
	if made == nil || err != nil || n < 1 || strings.HasPrefix(rounds, "+") {
		return nil, hashUnknown
	}
	if len(sum) < minHashBytes || len(sum) > maxHashBytes || len(salt) > maxSaltBytes {
		return nil, hashUnknown
	}
	if len(salt) < minSaltBytes {
		return nil, hashUnsalted
	}
	size := made().Size()
	if blocks := (len(sum) + size - 1) / size; n > maxRounds/blocks {
		return nil, hashCosts
	}
	return func(text []byte) bool {
		got, err := pbkdf2.Key(made, string(text), salt, n, len(sum))
		return err == nil && subtle.ConstantTimeCompare(got, sum) == 1
	}, ""
}

// digest is the function of that name, or nil. PBKDF2 without a name is SHA-1.
func digest(name string) func() hash.Hash {
	switch name {
	case "", "SHA1":
		return sha1.New
	case "SHA256":
		return sha256.New
	case "SHA512":
		return sha512.New
	default:
		return nil
	}
}

// unbase64 reads base64 with or without padding, with "." for "+" as passlib
// writes it.
func unbase64(s string) ([]byte, bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.ReplaceAll(s, ".", "+"), "="))
	return raw, err == nil
}
