module hedgerow.example/bench/trivy

go 1.26.3

require github.com/aquasecurity/trivy v0.74.0
