package verify

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A State keeps a few bytes from run to run. Where the product keeps them is
// its matter; the harder they are to find, the better.
type State interface {
	// Load returns what Save was given last; nothing, and no error, before that.
	Load() ([]byte, error)
	Save(b []byte) error
}

const maxState = 4 << 10

// memory is what a State keeps.
type memory struct {
	Seen time.Time `json:"seen,omitzero"` // the highest time that was seen or proved
	List int64     `json:"list,omitzero"` // the highest number of a list

	list int64 // that was just seen, where it is higher
}

// worthKeeping is how far time must have gone on to be written down: a product
// may check as often as it likes.
const worthKeeping = time.Minute

func (v *Verifier) load() (m memory, err error) {
	if v.State == nil {
		if v.list != nil {
			m.List = v.list.Number
		}
		return m, nil
	}
	b, err := v.State.Load()
	switch {
	case err != nil:
		return m, err
	case len(b) > maxState:
		return m, errors.New("verify: more than a state")
	case len(b) > 0:
		err = json.Unmarshal(b, &m)
	}
	return m, err
}

func (v *Verifier) save(m memory) error {
	if v.State == nil {
		return nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return v.State.Save(b)
}

// instant is the time by which is judged: the clock's, or what is proved where
// that is a little later. The highest time is kept; proved is the time at which
// the portal signed what is checked.
func (v *Verifier) instant(m memory, proved time.Time) (time.Time, Code) {
	clock := time.Now
	if v.Clock != nil {
		clock = v.Clock
	}
	now := clock().UTC().Truncate(time.Second)
	seen := later(later(m.Seen, proved), now)
	back := now.Add(Leeway).Before(seen)
	if m.list > 0 || m.Seen.Add(worthKeeping).Before(seen) {
		kept := memory{Seen: seen, List: max(m.List, m.list)}
		if seen.Year() > 9999 || v.save(kept) != nil {
			return now, BadState
		}
	}
	if back {
		return now, ClockSetBack
	}
	return seen, Valid
}

// TrustTime forgets the highest time seen in favour of one that is sure, such
// as the portal's own in the answer of an online validation. It is the way out
// for a machine whose clock once ran ahead by years.
func (v *Verifier) TrustTime(t time.Time) error {
	m, err := v.load()
	if err != nil {
		m = memory{}
	}
	m.Seen = t.UTC().Truncate(time.Second)
	return v.save(m)
}

// FileState is a State in the file of this name.
type FileState string

// Load implements State.
func (f FileState) Load() ([]byte, error) {
	info, err := os.Stat(string(f))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Size() > maxState:
		return nil, errors.New("verify: more than a state")
	}
	return os.ReadFile(string(f))
}

// Save implements State: the file is whole before it takes the old one's place.
func (f FileState) Save(b []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(string(f)), ".state-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(b)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), string(f))
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // the failure before is the one to tell
	}
	return err
}
