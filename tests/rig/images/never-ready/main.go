// never-ready starts and stays up, and its /healthz says it is not ready.
package main

import (
	"net/http"

	"stagingmirror.dev/rig/images/serve"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		serve.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": "never ready"})
	})
	serve.Forever()
}
