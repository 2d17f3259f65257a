package account

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"vestibule/internal/db"
	"vestibule/internal/fault"
)

// QuestionCount is how many questions a person answers.
const QuestionCount = 3

// OfferedQuestions are the keys of the questions in the catalogue, under
// "account.question.".
func OfferedQuestions() []string {
	return []string{
		"first-teacher", "childhood-street", "first-dish", "place-to-visit", "first-job", "first-pet", "first-concert", "childhood-friend",
		"first-flight", "favourite-toy", "grandparents-home", "first-car", "school-nickname", "first-book", "holiday-memory", "instrument",
	}
}

// A Choice is a question and the answer that somebody typed.
type Choice struct {
	Question string // one of OfferedQuestions, or "" for one's own
	Own      string // the question in one's own words
	Answer   string
}

// A Question is a question and the hash of its answer.
type Question struct {
	Question string
	Own      string
	Hash     string
}

const (
	minAnswer   = 4
	maxAnswer   = 200
	minQuestion = 8
	maxQuestion = 160
)

// NormalAnswer is what answers are compared and hashed by: NFKC, without case
// and without spaces.
func NormalAnswer(s string) string {
	return strings.Join(strings.Fields(foldAnswer(s)), "")
}

func foldAnswer(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }

// JudgeChoices says what is wrong with three choices, as a form of the fields
// q1…q3, own1…own3 and a1…a3. asked returns the words of an offered question, or
// "" for one that is not offered.
// The codes: question-empty, question-unknown, question-same, question-short,
// question-long, name-control; answer-empty, answer-short, answer-long,
// answer-in-question, answer-common, answer-same.
func JudgeChoices(choices []Choice, asked func(question string) string) error {
	var form fault.Form
	questions, answers := map[string]bool{}, map[string]bool{}
	for i := range QuestionCount {
		var c Choice
		if i < len(choices) {
			c = choices[i]
		}
		n := itoa(i + 1)
		words, field, code := questionOf(c, asked, n)
		key := NormalAnswer(words)
		if code == "" && questions[key] {
			code = "question-same"
		}
		questions[key] = true
		if code != "" {
			form.Add(field, code, "n", n)
		}
		normal := NormalAnswer(c.Answer)
		if code := judgeAnswer(c.Answer, normal, words, answers[normal]); code != "" {
			form.Add("a"+n, code, "n", n)
		}
		answers[normal] = true
	}
	return form.Err()
}

func questionOf(c Choice, asked func(string) string, n string) (words, field, code string) {
	if c.Question != "" {
		words := asked(c.Question)
		if words == "" {
			return "", "q" + n, "question-unknown"
		}
		return words, "q" + n, ""
	}
	own := strings.TrimSpace(c.Own)
	switch length := utf8.RuneCountInString(own); {
	case own == "":
		return "", "q" + n, "question-empty"
	case strings.IndexFunc(own, hidden) >= 0 || !utf8.ValidString(own):
		return "", "own" + n, "name-control"
	case length < minQuestion:
		return own, "own" + n, "question-short"
	case length > maxQuestion:
		return "", "own" + n, "question-long"
	}
	return own, "own" + n, ""
}

func judgeAnswer(typed, normal, question string, given bool) string {
	length := utf8.RuneCountInString(strings.TrimSpace(typed))
	switch {
	case normal == "":
		return "answer-empty"
	case length > maxAnswer:
		return "answer-long"
	case utf8.RuneCountInString(normal) < minAnswer:
		return "answer-short"
	case standsIn(typed, question):
		return "answer-in-question"
	case commonAnswers()[normal]:
		return "answer-common"
	case given:
		return "answer-same"
	}
	return ""
}

// standsIn reports whether the answer's words are, in this order, words of the
// question.
func standsIn(answer, question string) bool {
	return strings.Contains(" "+bare(question)+" ", " "+bare(answer)+" ")
}

// bare leaves the words, with one space between.
func bare(s string) string {
	return strings.Join(strings.FieldsFunc(foldAnswer(s), func(c rune) bool { return !isWord(c) }), " ")
}

// commonAnswers are those that many give to such questions, in the languages of
// the catalogue: the first that a guesser tries.
var commonAnswers = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, a := range strings.Fields(`none nothing unknown secret answer test testing asdf asdfgh qwerty qwertz password passwort 1234 12345 123456 0000 1111
		blue green black white yellow purple orange blau grün schwarz weiß gelb rot
		pizza pasta spaghetti lasagne chocolate schokolade burger steak sushi noodles nudeln schnitzel pancakes pfannkuchen omelette
		football soccer tennis fußball basketball baseball cricket rugby
		london paris berlin newyork rome rom tokyo vienna wien münchen hamburg sydney dublin madrid barcelona amsterdam
		johnathan john smith mary james peter michael thomas müller schmidt maria anna david
		bella charlie buddy lucky princess rocky luna bello rex mieze felix kitty teddy teddybear teddybär barbie lego
		ford opel mustang volkswagen toyota honda golf polo beetle käfer corsa fiesta astra bmw audi mercedes
		harrypotter bible thebible bibel starwars matrix titanic batman superman
		guitar gitarre piano klavier violin geige flute flöte drums schlagzeug trumpet
		mainstreet highstreet churchstreet hauptstraße schulstraße bahnhofstraße
		spain spanien italy italien greece america amerika usa japan hawaii australia australien mallorca
		mother father mutter vater mama papa mum dad
		metallica madonna queen coldplay u2 abba rammstein beatles thebeatles rollingstones
		waiter waitress kellner babysitter paperboy teacher lehrer`) {
		all[NormalAnswer(a)] = true
	}
	return all
})

// HashAnswers hashes the answers as passwords are: Argon2id with pepper.
func (p *Passwords) HashAnswers(ctx context.Context, choices []Choice) ([]Question, error) {
	var all []Question
	for _, c := range choices {
		hash, err := p.Hasher.Hash(ctx, NormalAnswer(c.Answer))
		if err != nil {
			return nil, err
		}
		own := ""
		if c.Question == "" {
			own = strings.TrimSpace(c.Own)
		}
		all = append(all, Question{Question: c.Question, Own: own, Hash: hash})
	}
	return all, nil
}

// CheckAnswer reports whether the answer is the one that was hashed.
func (p *Passwords) CheckAnswer(ctx context.Context, q Question, answer string) (bool, error) {
	if utf8.RuneCountInString(answer) > 2*maxAnswer {
		answer = ""
	}
	ok, _, err := p.Hasher.Check(ctx, q.Hash, NormalAnswer(answer))
	return ok, err
}

// SetQuestions stores the account's questions in place of those it had.
func SetQuestions(tx *db.Tx, id string, questions []Question) error {
	if _, err := tx.Count(`DELETE FROM account_question WHERE account_id = $1`, id); err != nil {
		return err
	}
	for i, q := range questions {
		if err := tx.Do(`INSERT INTO account_question (account_id, position, question, own, hash, set_at) VALUES ($1,$2,$3,$4,$5,$6)`,
			id, i+1, q.Question, q.Own, q.Hash, db.Micros(tx.Now())); err != nil {
			return err
		}
	}
	return nil
}

// QuestionsOf returns the account's questions in order; none is no failure.
func QuestionsOf(tx *db.Tx, id string) ([]Question, error) {
	var all []Question
	err := tx.Each(`SELECT question, own, hash FROM account_question WHERE account_id = $1 ORDER BY position`, []any{id},
		func(scan func(...any) error) error {
			var q Question
			err := scan(&q.Question, &q.Own, &q.Hash)
			all = append(all, q)
			return err
		})
	return all, err
}

// QuestionsSetAt is when the account's questions were set; zero where it has none.
func QuestionsSetAt(tx *db.Tx, id string) (time.Time, error) {
	var at int64
	err := tx.Get(`SELECT COALESCE(MAX(set_at), 0) FROM account_question WHERE account_id = $1`, []any{id}, &at)
	return db.Time(at), err
}
