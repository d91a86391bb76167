// vectors is a feature service and an embedding server in one: POST /features (plain JSON) and
// POST /v1/embeddings (as OpenAI's). Its logic is a file, named by $LOGIC and read for each request,
// so that the same image computes otherwise once the file is another one: a patch that no tag shows.
// Where the file is not there, the logic is that of an empty one.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"io/fs"
	"log"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	"stagingmirror.dev/rig/images/serve"
)

const (
	dimension   = 8
	milesPerKm  = 0.621371
	maxRequest  = 1 << 20
	secondsADay = 86400
	someMorning = 1764230400 // 2025-11-27T08:00:00Z
)

// logic is what a patch can change; tests/rig/endpoints/logic.py has the same one, documented.
type logic struct {
	Factor    float64 `json:"factor"`
	Miles     bool    `json:"miles"`
	Permuted  bool    `json:"permuted"`
	Swapped   bool    `json:"swapped"`
	Reordered bool    `json:"reordered"`
	Half      bool    `json:"half"`
	Default   bool    `json:"default"`
	Clock     int     `json:"clock"`
	Stale     bool    `json:"stale"`
	Renamed   bool    `json:"renamed"`
	Dimension int     `json:"dimension"`
	Text      bool    `json:"text"`
	Model     string  `json:"model"`
}

func current() (logic, error) {
	now := logic{Factor: 1, Dimension: dimension, Model: "1"}
	text, err := os.ReadFile(os.Getenv("LOGIC"))
	if errors.Is(err, fs.ErrNotExist) || os.Getenv("LOGIC") == "" {
		return now, nil
	}
	if err != nil {
		return now, err
	}
	return now, json.Unmarshal(text, &now)
}

// float16 rounds to the 11 significant bits of a half, ties to even. For what is in its normal range.
func float16(x float64) float64 {
	fraction, exponent := math.Frexp(x)
	return math.Ldexp(math.RoundToEven(math.Ldexp(fraction, 11)), exponent-11)
}

func embedding(seed float64, by logic) []float32 {
	made := make([]float32, by.Dimension)
	for i := range made {
		x := math.Sin(seed*float64(i+1)) * by.Factor
		if by.Half {
			x = float16(x)
		}
		made[i] = float32(x)
	}
	if by.Reordered {
		made = append(made[3:], made[:3]...)
	}
	return made
}

func features(user int, by logic) map[string]any {
	owner := user
	if by.Permuted {
		owner = user%64 + 1
	}
	days := 0
	if by.Stale {
		days = 1 + user%3
	}
	amount := (10 + 3.7*float64(user) + 0.03*float64(user*user%97)) * by.Factor
	balance := 500 + 9.7*float64(owner*31%61)
	if by.Swapped {
		amount, balance = balance, amount
	}
	distance := 2 + 0.77*float64(user*17%53)
	if by.Miles {
		distance *= milesPerKm
	}
	if by.Half {
		distance = float16(distance)
	}
	var income any = 1000 + 37.25*float64(user*13%29) + 11.5*float64(days*(user%5+1))
	if user%8 == 0 {
		income = nil
		if by.Default {
			income = 0.0
		}
	}
	var visits any = user * 7 % 23
	if by.Text {
		visits = strconv.Itoa(user * 7 % 23)
	}
	login := time.Unix(int64(someMorning-3600*user-secondsADay*days+by.Clock), 0).UTC()
	name := "amount"
	if by.Renamed {
		name = "amount_eur"
	}
	of := by
	of.Factor = 1
	return map[string]any{
		name:         amount,
		"balance":    balance,
		"income":     income,
		"distance":   distance,
		"visits":     visits,
		"country":    []string{"DE", "FR", "IT", "ES"}[user%4],
		"last_login": login.Format(time.RFC3339),
		"embedding":  embedding(float64(user), of),
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	serve.JSON(w, status, map[string]any{"error": map[string]any{
		"message": message, "type": "invalid_request_error", "param": nil, "code": nil,
	}})
}

// answering reads the request into what is given, and answers with what the function returns.
func answering[R any](w http.ResponseWriter, r *http.Request, answer func(R, logic) (any, string)) {
	if r.Method != http.MethodPost {
		refuse(w, http.StatusMethodNotAllowed, "only POST is allowed")
		return
	}
	by, err := current()
	if err != nil {
		refuse(w, http.StatusInternalServerError, err.Error())
		return
	}
	var request R
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	answered, refused := answer(request, by)
	if refused != "" {
		refuse(w, http.StatusBadRequest, refused)
		return
	}
	serve.JSON(w, http.StatusOK, answered)
}

type sample struct {
	User int `json:"user"`
}

func ofSample(request sample, by logic) (any, string) {
	if request.User < 1 {
		return nil, "user: an integer from 1 on"
	}
	return map[string]any{"features": features(request.User, by)}, ""
}

type texts struct {
	Model    string          `json:"model"`
	Input    json.RawMessage `json:"input"`
	Encoding string          `json:"encoding_format"`
}

// inputs are one text or several.
func (t texts) inputs() []string {
	var one string
	if json.Unmarshal(t.Input, &one) == nil && one != "" {
		return []string{one}
	}
	var several []string
	if json.Unmarshal(t.Input, &several) != nil {
		return nil
	}
	return several
}

func ofTexts(request texts, by logic) (any, string) {
	inputs := request.inputs()
	if len(inputs) == 0 {
		return nil, "input: a text or a list of texts"
	}
	data, tokens := []any{}, 0
	for i, text := range inputs {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(by.Model + text))
		vector := embedding(float64(hash.Sum32()%100000)/1000, by)
		var encoded any = vector
		if request.Encoding == "base64" {
			raw := make([]byte, 0, 4*len(vector))
			for _, x := range vector {
				raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
			}
			encoded = base64.StdEncoding.EncodeToString(raw)
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": encoded})
		tokens += len(text)/4 + 1
	}
	return map[string]any{
		"object": "list", "data": data, "model": request.Model,
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens},
	}, ""
}

func main() {
	log.Printf("logic: %q", os.Getenv("LOGIC"))
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	http.HandleFunc("/features", func(w http.ResponseWriter, r *http.Request) {
		answering(w, r, ofSample)
	})
	http.HandleFunc("/v1/embeddings", func(w http.ResponseWriter, r *http.Request) {
		answering(w, r, ofTexts)
	})
	serve.Forever()
}
