package release

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"time"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// PartSize is how many bytes each part of a file has, but for the last.
const PartSize = 8 << 20

// An Upload is a file of which bytes are to come.
type Upload struct {
	Artifact Artifact
	PartSize int64
	Parts    []Part // those that are there, by number
	fresh    bool   // there was nothing of it
}

// A Part is one that is there.
type Part struct {
	Number int // from 0
	Size   int64
	SHA256 string // in hexadecimal digits
	blob   string
}

// Begin begins to take a file of a draft, or goes on with the same one: what is there already stands in Parts. Invalid at kind,
// name, title, platform, arch, file or signature; Conflict "file-kind-taken" or "file-name-taken" where the release has another.
func (s *Service) Begin(ctx context.Context, by Staff, releaseID string, f File) (u Upload, err error) {
	if err := f.check(s.Settings.MaxSize); err != nil {
		return Upload{}, err
	}
	err = s.change(ctx, by, releaseID, edited, func(tx *db.Tx, r Release) error {
		for _, a := range r.Artifacts {
			if a.Kind == f.Kind && a.Name == f.Name && a.Size == f.Size && a.State == Uploading {
				u = Upload{}
				return s.goOn(tx, a, f, &u)
			}
			if a.Kind == f.Kind {
				return &fault.Error{Kind: fault.Conflict, Code: "file-kind-taken", Field: "kind", Args: map[string]string{"kind": f.Kind, "name": a.Name}}
			}
			if nameKey(a.Name) == nameKey(f.Name) {
				return &fault.Error{Kind: fault.Conflict, Code: "file-name-taken", Field: "name", Args: map[string]string{"name": f.Name}}
			}
		}
		u = Upload{PartSize: PartSize, fresh: true, Artifact: Artifact{
			ID: s.Secret.ID(tx.Now()), Release: r.ID, Kind: f.Kind, Title: f.Title, Name: f.Name, Platform: f.Platform, Arch: f.Arch,
			MediaType: mediaType(f.Name), Size: f.Size, Signature: f.Signature, State: Uploading, MadeAt: tx.Now(), MadeBy: by.name(),
		}}
		return insertArtifact(tx, u.Artifact)
	})
	return u, err
}

func (s *Service) goOn(tx *db.Tx, a Artifact, f File, u *Upload) (err error) {
	if f.Signature != "" && f.Signature != a.Signature {
		a.Signature = f.Signature
		if err := setSignature(tx, a); err != nil {
			return err
		}
	}
	u.Artifact, u.PartSize = a, PartSize
	u.Parts, err = parts(tx, a.ID)
	return err
}

// Upload says how far a file is.
func (s *Service) Upload(ctx context.Context, by Staff, artifactID string) (u Upload, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		u.PartSize = PartSize
		if u.Artifact, err = artifact(tx, artifactID); err != nil {
			return err
		}
		u.Parts, err = parts(tx, artifactID)
		return err
	})
	return u, err
}

// PutPart takes part number n, counted from 0, of a file. A part that is there already is replaced. Invalid at "part": part-number,
// part-size; Conflict where the file takes no more parts.
func (s *Service) PutPart(ctx context.Context, by Staff, artifactID string, n int, in io.Reader) (p Part, err error) {
	if n < 0 || int64(n) > s.Settings.MaxSize/PartSize {
		return Part{}, fault.OnField("part", "part-number")
	}
	p = Part{Number: n}
	err = s.file(ctx, by, artifactID, partCame, func(tx *db.Tx, _ Release, a Artifact) error {
		p.blob = "part/" + a.ID + "/" + s.Secret.ID(tx.Now())
		return noteBlob(tx, p.blob)
	})
	if err != nil {
		return Part{}, err
	}
	sum := sha256.New()
	p.Size, err = s.Store.Put(ctx, p.blob, io.TeeReader(io.LimitReader(in, PartSize+1), sum))
	if err != nil {
		return Part{}, err
	}
	p.SHA256 = hex.EncodeToString(sum.Sum(nil))
	err = s.file(ctx, by, artifactID, partCame, func(tx *db.Tx, _ Release, a Artifact) error {
		if !fits(a.Size, n, p.Size) {
			return fault.OnField("part", "part-size")
		}
		return s.keepPart(tx, a, p)
	})
	return p, err
}

// fits reports whether part n of a file may have so many bytes.
func fits(size int64, n int, part int64) bool {
	if size == Unknown {
		return part > 0 && part <= PartSize
	}
	return part > 0 && part == min(PartSize, size-int64(n)*PartSize)
}

func (s *Service) keepPart(tx *db.Tx, a Artifact, p Part) error {
	list, err := parts(tx, a.ID)
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Number == p.Number {
			if err := loosen(tx, old.blob); err != nil {
				return err
			}
		}
	}
	if err := keepBlob(tx, p.blob); err != nil {
		return err
	}
	return upsertPart(tx, a.ID, p)
}

// Finish says that all parts are there, and has them joined and verified, which takes seconds for each gigabyte. What became of it
// stands in the artifact's state; where the caller is cut off meanwhile, a chore does the rest. Finishing again is no error. Conflict
// "file-parts-missing" where some are.
func (s *Service) Finish(ctx context.Context, by Staff, artifactID string) (Artifact, error) {
	a, err := s.partsCame(ctx, by, artifactID)
	if err != nil {
		return Artifact{}, err
	}
	return s.verified(ctx, a.ID)
}

// FinishSoon is Finish for whoever must not wait for minutes: a large file is left to the chore, and is FileChecking until then.
func (s *Service) FinishSoon(ctx context.Context, by Staff, artifactID string) (Artifact, error) {
	a, err := s.partsCame(ctx, by, artifactID)
	if err != nil || a.Size > soon {
		return a, err
	}
	return s.verified(ctx, a.ID)
}

// soon is the size of a file that even a slow store joins within the two minutes that a connection may be silent for.
const soon = 256 << 20

// partsCame notes that all parts of a file are there.
func (s *Service) partsCame(ctx context.Context, by Staff, artifactID string) (a Artifact, err error) {
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		if a, err = lockedArtifact(tx, artifactID); err != nil || a.State != Uploading {
			return err
		}
		list, err := parts(tx, artifactID)
		if err != nil {
			return err
		}
		size, err := whole(a, list)
		if err != nil {
			return err
		}
		if size > s.Settings.MaxSize {
			return fault.OnField("file", "file-large").With("max", inWords(s.Settings.MaxSize))
		}
		a.Size, a.State = size, FileChecking
		return finish(tx, a)
	})
	if err != nil {
		return Artifact{}, err
	}
	return a, nil
}

// verified is a file after it was verified.
func (s *Service) verified(ctx context.Context, artifactID string) (a Artifact, err error) {
	if err := s.verify(ctx, artifactID); err != nil {
		return Artifact{}, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		a, err = artifact(tx, artifactID)
		return err
	})
	return a, err
}

// whole is the size of the file that the parts make.
func whole(a Artifact, list []Part) (size int64, err error) {
	for i, p := range list {
		if p.Number != i || i < len(list)-1 && p.Size != PartSize {
			return 0, fault.New(fault.Conflict, "file-parts-missing").With("part", strconv.Itoa(i+1))
		}
		size += p.Size
	}
	if size == 0 || a.Size != Unknown && a.Size != size {
		return 0, fault.New(fault.Conflict, "file-parts-missing").With("part", strconv.Itoa(len(list)+1))
	}
	return size, nil
}

// Add takes a whole file of a draft from one reader, whose size need not be known. Where the reader is cut, the file is not there;
// one that somebody has begun before stays as far as it is. A large file is verified later, as by FinishSoon.
func (s *Service) Add(ctx context.Context, by Staff, releaseID string, f File, in io.Reader) (Artifact, error) {
	u, err := s.Begin(ctx, by, releaseID, f)
	if err != nil {
		return Artifact{}, err
	}
	err = s.addParts(ctx, by, u, in)
	if err != nil && u.fresh {
		away := context.WithoutCancel(ctx)
		return Artifact{}, errors.Join(err, s.Remove(away, by, u.Artifact.ID))
	}
	if err != nil {
		return Artifact{}, err
	}
	return s.FinishSoon(ctx, by, u.Artifact.ID)
}

func (s *Service) addParts(ctx context.Context, by Staff, u Upload, in io.Reader) error {
	from := bufio.NewReader(in)
	for n := 0; ; n++ {
		_, err := from.Peek(1)
		switch {
		case err == io.EOF && n == 0:
			return fault.OnField("file", "file-empty")
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case int64(n) >= (s.Settings.MaxSize+PartSize-1)/PartSize:
			return fault.OnField("file", "file-large").With("max", inWords(s.Settings.MaxSize))
		}
		if _, err := s.PutPart(ctx, by, u.Artifact.ID, n, io.LimitReader(from, PartSize)); err != nil {
			return err
		}
	}
}

// Sign gives a file of a draft a signature, or another. That of a file that is whole is looked at at once: a wrong one is Invalid at
// "signature", and the file stays as it is.
func (s *Service) Sign(ctx context.Context, by Staff, artifactID, text string) (a Artifact, err error) {
	f := File{Kind: "x", Name: "x", Size: 1, Signature: text}
	if err := f.check(1); err != nil {
		return Artifact{}, err
	}
	err = s.file(ctx, by, artifactID, signed, func(tx *db.Tx, r Release, old Artifact) error {
		a = old
		a.Signature = f.Signature
		if a.State == Uploading {
			return setSignature(tx, a)
		}
		found, err := s.judged(tx, r, a)
		if err != nil {
			return err
		}
		a.State, a.SignedBy, a.Comment, a.Trouble, a.TroubleArgs = Verified, keyID(found.keyID), plain(found.comment), "", nil
		a.VerifiedAt = tx.Now()
		if err := settleSignature(tx, a, old.State); err != nil {
			return err
		}
		return s.event(tx, by, "release.sign", r, detailOf(a))
	})
	return a, err
}

// Remove takes a file of a draft away.
func (s *Service) Remove(ctx context.Context, by Staff, artifactID string) error {
	return s.file(ctx, by, artifactID, discardIt, func(tx *db.Tx, r Release, a Artifact) error {
		if err := s.removeFile(tx, a); err != nil {
			return err
		}
		return s.event(tx, by, "release.file_remove", r, detailOf(a))
	})
}

func (s *Service) removeFile(tx *db.Tx, a Artifact) error {
	list, err := parts(tx, a.ID)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := loosen(tx, p.blob); err != nil {
			return err
		}
	}
	if err := loosen(tx, a.Blob); err != nil {
		return err
	}
	return deleteArtifact(tx, a.ID)
}

// file does something to a file of a draft that nobody else changes meanwhile, if its state allows the event.
func (s *Service) file(ctx context.Context, by Staff, id string, e fileEvent, do func(*db.Tx, Release, Artifact) error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.permitted(tx, by, Manage); err != nil {
			return err
		}
		a, err := artifact(tx, id)
		if err != nil {
			return err
		}
		r, err := locked(tx, a.Release)
		if err != nil {
			return err
		}
		if a, err = lockedArtifact(tx, id); err != nil {
			return err
		}
		if _, err := after(r.State, edited); err != nil {
			return err
		}
		if _, err := afterFile(a.State, e); err != nil {
			return err
		}
		return do(tx, r, a)
	})
}

func detailOf(a Artifact) map[string]string {
	d := map[string]string{"file": a.Name, "kind": a.Kind}
	if a.SHA256 != "" {
		d["sha256"] = a.SHA256
	}
	if a.SignedBy != "" {
		d["signed_by"] = a.SignedBy
	}
	return d
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// abandoned is after how long a file of which no more parts come is taken away.
const abandoned = 7 * 24 * time.Hour
