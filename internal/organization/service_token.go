package organization

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/secret"
	"vestibule/internal/throttle"
)

// A token is "vst_", the id of its row, "_", 160 bits of chance and a CRC-32 of all that stands before it. The beginning and the
// fixed shape let secret scanners find one that strayed (vst_[0-9a-hjkmnp-tv-z]{26}_[0-9a-hjkmnp-tv-z]{39}); the sum tells a
// slip of the clipboard from a token that was revoked.
const (
	tokenStart  = "vst_"
	tokenID     = 26
	tokenSecret = 32
	tokenSum    = 7
	tokenLength = len(tokenStart) + tokenID + 1 + tokenSecret + tokenSum
	chanceBytes = 20
)

var symbols = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newToken draws a token; hash is what the database keeps of it.
func newToken(src secret.Source, now time.Time) (id, token, hash string) {
	id = src.ID(now)
	body := tokenStart + id + "_" + symbols.EncodeToString(src.Bytes(chanceBytes))
	return id, body + sumOf(body), tokenHash(body)
}

// parseToken takes a token apart without asking whether it opens anything.
func parseToken(token string) (id, hash string, err error) {
	cut := tokenLength - tokenSum
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenStart) || token[len(tokenStart)+tokenID] != '_' || sumOf(token[:cut]) != token[cut:] {
		return "", "", fault.New(fault.Unauthenticated, "token-malformed")
	}
	return token[len(tokenStart) : len(tokenStart)+tokenID], tokenHash(token[:cut]), nil
}

func tokenHash(body string) string { return secret.Hash("service-token", body) }

func sumOf(body string) string {
	return symbols.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body))))
}

// misses are the tokens from one network that open nothing.
var misses = throttle.Limit{Name: "api-token-unknown", Burst: 20, Every: 15 * time.Second}

// DefaultPerToken is 600 at once and ten a second: what a service account asks is counted by its token, so that no program takes
// from another.
func DefaultPerToken() throttle.Limit {
	return throttle.Limit{Name: "api-token", Burst: 600, Every: 100 * time.Millisecond}
}

// Caller says whose token it is that came from an address, takes one try of the token's limit and notes when it was used, at most
// once a minute. It fails as ByToken does; TooMany "too-many" where the limit is spent, with how it stands.
func (s *Service) Caller(ctx context.Context, token, address string) (c Caller, left throttle.Reading, err error) {
	var now time.Time
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		var err error
		now = tx.Now()
		c, err = ByToken(tx, token)
		return err
	})
	if fault.Code(err, "token-unknown") {
		if e := s.DB.Write(ctx, func(tx *db.Tx) error { return misses.Spend(tx, throttle.Network(address)) }); e != nil {
			return Caller{}, left, e
		}
	}
	if err != nil {
		return Caller{}, left, err
	}
	if left, err = s.Meter.Take(ctx, s.DB, now, s.PerToken, c.Token); err != nil {
		return c, left, err
	}
	if now.Sub(c.UsedAt) < usedEvery {
		return c, left, nil
	}
	return c, left, s.DB.Write(ctx, func(tx *db.Tx) error { return noteUse(tx, c.Token, throttle.Network(address)) })
}
