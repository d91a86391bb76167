// features is a feature pipeline as a service: the same input gives the same vector, by a logic that is
// a constant of the build. "Patching the pipeline" is deploying a build with another one.
package main

import (
	"log"
	"math"
	"net/http"
	"os"
	"strconv"

	"stagingmirror.dev/rig/images/serve"
)

// logic is set by the linker: ratio | ratio-guarded | anything else (told, and computed as ratio).
var logic = "ratio"

// needs is set by the linker: a variable of the environment without which the service never gets ready.
var needs = ""

func vector(amount, income float64) map[string]any {
	ratio := amount / income
	if logic == "ratio-guarded" {
		ratio = amount / math.Max(income, 1)
	}
	features := map[string]any{"amount_log": math.Log1p(math.Abs(amount)), "amount_to_income": nil}
	if !math.IsInf(ratio, 0) && !math.IsNaN(ratio) {
		features["amount_to_income"] = ratio
	}
	return features
}

func number(r *http.Request, name string) float64 {
	value, err := strconv.ParseFloat(r.URL.Query().Get(name), 64)
	if err != nil {
		return 0
	}
	return value
}

func main() {
	log.Printf("feature logic: %s", logic)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if needs != "" && os.Getenv(needs) == "" {
			serve.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "no " + needs})
			return
		}
		serve.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	http.HandleFunc("/features", func(w http.ResponseWriter, r *http.Request) {
		vector := vector(number(r, "amount"), number(r, "income"))
		serve.JSON(w, http.StatusOK, map[string]any{"logic": logic, "features": vector})
	})
	serve.Forever()
}
