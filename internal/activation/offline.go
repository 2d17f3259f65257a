package activation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/internal/license"
	"vestibule/license/verify"
)

// An Answer is what a device without a network is given: a file, and the same as a code to scan or type.
type Answer struct {
	License license.License
	Device  Device
	File    File
	Groups  []string // of the code, in order; none where the licence does not fit into a code
}

// Code is the answer as one text, for a QR code.
func (a Answer) Code() string { return strings.Join(a.Groups, "-") }

// kept is an answer as it is sealed.
type kept struct {
	File File
	Code string
}

// Offline activates a device that is not connected, by the request that it shows: read from its file, from a QR code, or typed. The
// device holds a seat until what it is given ends. Asking again for the same device gives a newer answer, or within the day the same
// where nothing has changed. name is what people call
// the device; empty keeps the name it has.
//
// What is wrong with the request is Invalid at "request": "request-group" and "request-character" with the group, "request-short",
// "request-long", "request-bad", "request-key", "request-replaced", or "request-other" where it is for another licence. Else it fails
// as Activate does.
func (s *Service) Offline(ctx context.Context, a Asked, request, name string) (out Answer, err error) {
	q, err := parseRequest(request)
	var form fault.Form
	if err = form.AddErr("request", err); err != nil {
		return out, err
	}
	name, err = parseLine(name, maxName)
	if err = form.AddErr("name", err); err != nil {
		return out, err
	}
	if err = form.Err(); err != nil {
		return out, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		l, state, err := hold(tx, a)
		if err != nil {
			return err
		}
		if err := meant(tx, l, q); err != nil {
			return err
		}
		if err := refused(state); err != nil {
			return err
		}
		c, err := s.claims(tx, l, state, q.Device)
		if err != nil {
			return err
		}
		d, _, err := s.register(tx, l, state, Machine{Fingerprint: q.Device, Name: name}, c.FileUntil, true)
		if err != nil {
			return err
		}
		says, err := s.says(tx, "offline", c)
		if err != nil {
			return err
		}
		k, err := s.same(tx, says, c)
		if err == nil {
			out = Answer{License: l, Device: d, File: k.File, Groups: Groups(k.Code)}
		}
		if fault.Is(err, fault.NotFound) {
			out, err = s.answer(tx, l, d, q, c, says)
		}
		return err
	})
	return out, err
}

// answer signs the file and the code, writes both down, and keeps them readable for as long as they are good.
func (s *Service) answer(tx *db.Tx, l license.License, d Device, q verify.Request, c verify.License, says string) (out Answer, err error) {
	if err := mayIssue(tx, l, c); err != nil {
		return out, err
	}
	file, err := s.sign(tx, l, d, c)
	if err != nil {
		return out, err
	}
	code, err := s.Keys.IssueCode(tx, q, c)
	if err != nil && !fault.Code(err, "code-too-long") {
		return out, err
	}
	if err == nil {
		typed := file
		typed.Serial, typed.KeyID = code.Serial, code.KeyID
		if err := insertFile(tx, typed, record{offline: true}); err != nil {
			return out, err
		}
	}
	sealed, err := s.seal(kept{file, code.Text})
	if err != nil {
		return out, err
	}
	if err := s.issued(tx, l, file, record{says, true, sealed}, "device.activate_offline"); err != nil {
		return out, err
	}
	return Answer{License: l, Device: d, File: file, Groups: Groups(code.Text)}, nil
}

// Answer shows again what an offline device was given last, until that ends or the device is removed; NotFound from then on.
func (s *Service) Answer(ctx context.Context, a Asked, deviceID string) (out Answer, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		l, err := own(tx, a)
		if err != nil {
			return err
		}
		d, err := device(tx, l.ID, deviceID)
		if err != nil {
			return err
		}
		serial, sealed, err := lastAnswer(tx, d.ID)
		if err != nil {
			return err
		}
		k, err := s.open(serial, sealed)
		if err != nil {
			return err
		}
		out = Answer{License: l, Device: d, File: k.File, Groups: Groups(k.Code)}
		return nil
	})
	return out, err
}

func (s *Service) seal(k kept) (string, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return "", fmt.Errorf("activation: %w", err)
	}
	return s.Ring.Seal(sealedAs(k.File.Serial), plain), nil
}

func (s *Service) open(serial, sealed string) (k kept, err error) {
	plain, err := s.Ring.Open(sealedAs(serial), sealed)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(plain, &k); err != nil {
		return k, fmt.Errorf("activation: %w", err)
	}
	return k, nil
}

func sealedAs(serial string) string { return "license_file/" + serial + "/answer" }

// Groups are those of a typed code, in order.
func Groups(code string) []string {
	if code == "" {
		return nil
	}
	return strings.Split(code, "-")
}

// meant makes sure that a request is for this licence.
func meant(tx *db.Tx, l license.License, q verify.Request) error {
	key, err := license.ParseKey(q.Key)
	if err != nil {
		return fault.OnField("request", "request-key")
	}
	if key.Lookup() == l.Key.Lookup() {
		return nil
	}
	other, replaced, err := license.ByKey(tx, key)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && other.ID != l.ID:
		return fault.OnField("request", "request-other")
	case err == nil && replaced:
		return fault.OnField("request", "request-replaced")
	}
	return err
}

// parseRequest reads a request. What is wrong is told at its group.
func parseRequest(typed string) (verify.Request, error) {
	if strings.TrimSpace(typed) == "" {
		return verify.Request{}, fault.OnField("request", "request-missing")
	}
	q, err := verify.ParseRequest(typed)
	if err == nil {
		return q, nil
	}
	code := "request-bad"
	var at *verify.CodeError
	if errors.As(err, &at) {
		switch at.Code {
		case verify.CodeGroup, verify.CodeCharacter, verify.CodeShort:
			code = "request-" + strings.TrimPrefix(string(at.Code), "code-")
		case verify.CodeLong:
			code = "request-long"
		}
		return q, fault.OnField("request", code).With("group", strconv.Itoa(at.Group))
	}
	if _, ok := errors.AsType[*verify.KeyError](err); ok {
		code = "request-key"
	}
	return q, fault.OnField("request", code)
}
