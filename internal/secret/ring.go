package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Ring holds the portal's secret keys. The newest seals and signs; all open
// and check, so that keys rotate without downtime. It is safe for many
// goroutines: nothing in it changes after it was made.
type Ring struct {
	keys   []ringKey // oldest first
	source Source
}

type ringKey struct {
	id     string
	master []byte
	seal   cipher.AEAD
}

const masterBytes = 32

// ErrRing says that a text is no ring of keys.
var ErrRing = errors.New("secret: not a key file: each line wants an id of letters and digits, a space, and 32 bytes in base64")

// NewRing makes a ring of one fresh key.
func NewRing(src Source) *Ring {
	r, err := ParseRing("1 "+base64.StdEncoding.EncodeToString(src.Bytes(masterBytes)), src)
	if err != nil {
		panic(err) // the line above is of the form that ParseRing asks for
	}
	return r
}

// ParseRing reads a ring: a line for each key, "id base64", oldest first. Empty
// lines and lines that begin with # are passed over.
func ParseRing(text string, src Source) (*Ring, error) {
	r := &Ring{source: src}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, encoded, ok := strings.Cut(line, " ")
		master, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if !ok || err != nil || len(master) != masterBytes || !plainID(id) || r.find(id) != nil {
			return nil, ErrRing
		}
		block, err := aes.NewCipher(derive(master, "seal"))
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		r.keys = append(r.keys, ringKey{id: id, master: master, seal: aead})
	}
	if len(r.keys) == 0 {
		return nil, ErrRing
	}
	return r, nil
}

func plainID(id string) bool {
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return id != ""
}

// LoadRing reads the key file, or makes it with one fresh key and mode 0600. A
// file that others can read is refused: its secrets may be known.
func LoadRing(path string, src Source) (*Ring, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createRing(path, src)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("secret: others than the owner can read %s: chmod 600 it", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	r, err := ParseRing(string(text), src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func createRing(path string, src Source) (*Ring, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	// O_EXCL: of two processes that start at once one makes the keys, and the
	// other reads them.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return LoadRing(path, src)
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	text := "# Keys of this portal. Back them up apart from the database; without them nobody can sign in.\n1 " +
		base64.StdEncoding.EncodeToString(src.Bytes(masterBytes)) + "\n"
	if _, err := f.WriteString(text); err != nil {
		return nil, errors.Join(fmt.Errorf("secret: %w", err), f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return ParseRing(text, src)
}

func (r *Ring) newest() *ringKey { return &r.keys[len(r.keys)-1] }

func (r *Ring) find(id string) *ringKey {
	for i := range r.keys {
		if r.keys[i].id == id {
			return &r.keys[i]
		}
	}
	return nil
}

// derive makes a key for one purpose from a master key (RFC 5869).
func derive(master []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "vestibule:"+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes are fewer than HKDF's limit
	}
	return key
}

// Seal encrypts plain with AES-256-GCM. ad says where the result will lie
// ("table/row/field"); only the same ad opens it.
func (r *Ring) Seal(ad string, plain []byte) string {
	k := r.newest()
	nonce := r.source.Bytes(k.seal.NonceSize())
	return k.id + "." + base64.RawURLEncoding.EncodeToString(k.seal.Seal(nonce, nonce, plain, []byte(ad)))
}

// ErrSealed says that a sealed text was changed, moved, or sealed by a key that
// the ring does not hold.
var ErrSealed = errors.New("secret: cannot open what was sealed")

// Open decrypts what Seal made under the same ad.
func (r *Ring) Open(ad, sealed string) ([]byte, error) {
	id, encoded, _ := strings.Cut(sealed, ".")
	k := r.find(id)
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if k == nil || err != nil || len(b) < k.seal.NonceSize() {
		return nil, ErrSealed
	}
	n := k.seal.NonceSize()
	plain, err := k.seal.Open(nil, b[:n], b[n:], []byte(ad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func (k *ringKey) mac(purpose string, parts []string) string {
	h := hmac.New(sha256.New, derive(k.master, "mac:"+purpose))
	h.Write([]byte(strings.Join(parts, "\x00")))
	return k.id + "." + hex.EncodeToString(h.Sum(nil))
}

// MAC is what the database keeps of a short secret: a keyed hash of the parts
// for one purpose, with the key's id.
func (r *Ring) MAC(purpose string, parts ...string) string { return r.newest().mac(purpose, parts) }

// MACMatches reports, in constant time, whether mac was made of the same parts
// for the same purpose by a key of the ring.
func (r *Ring) MACMatches(mac, purpose string, parts ...string) bool {
	id, _, _ := strings.Cut(mac, ".")
	k := r.find(id)
	return k != nil && Same(mac, k.mac(purpose, parts))
}

// MACs returns the MAC of the parts under every key of the ring, newest first,
// for look-ups of a stored MAC by equality.
func (r *Ring) MACs(purpose string, parts ...string) []string {
	all := make([]string, 0, len(r.keys))
	for i := len(r.keys) - 1; i >= 0; i-- {
		all = append(all, r.keys[i].mac(purpose, parts))
	}
	return all
}

// Pepper returns the newest key for hashing of the given purpose, and its id to
// store beside the hash.
func (r *Ring) Pepper(purpose string) (id string, key []byte) {
	k := r.newest()
	return k.id, derive(k.master, "pepper:"+purpose)
}

// PepperByID returns the pepper that a stored hash names.
func (r *Ring) PepperByID(purpose, id string) ([]byte, bool) {
	k := r.find(id)
	if k == nil {
		return nil, false
	}
	return derive(k.master, "pepper:"+purpose), true
}
