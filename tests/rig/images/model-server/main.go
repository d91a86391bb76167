// model-server tells which model version it was started with: from $MODEL_VERSION (a number or a URI), or,
// with $MLFLOW_URL, $MODEL and $ALIAS, from what the alias named at that moment.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"stagingmirror.dev/rig/images/serve"
)

// build is set by the linker: another value is another image.
var build = "1"

func fromAlias(server, model, alias string) (string, error) {
	query := url.Values{"name": {model}, "alias": {alias}}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Get(server + "/api/2.0/mlflow/registered-models/alias?" + query.Encode())
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("MLflow answered %s", answer.Status)
	}
	var body struct {
		ModelVersion struct {
			Version string `json:"version"`
		} `json:"model_version"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return "", err
	}
	return body.ModelVersion.Version, nil
}

func main() {
	told := os.Getenv("MODEL_VERSION")
	version, from := told[strings.LastIndex(told, "/")+1:], "environment"
	if server := os.Getenv("MLFLOW_URL"); server != "" && told == "" {
		var err error
		from = "alias"
		if version, err = fromAlias(server, os.Getenv("MODEL"), os.Getenv("ALIAS")); err != nil {
			log.Fatalf("cannot read the alias: %v", err)
		}
	}
	log.Printf("serving model version %q (from %s)", version, from)
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	http.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusOK, map[string]string{"version": version, "from": from, "build": build})
	})
	serve.Forever()
}
