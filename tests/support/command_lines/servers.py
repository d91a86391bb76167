"""Of Triton, TensorFlow Serving, gunicorn and uvicorn."""

from support.command_lines.published import GITHUB, KSERVE, TRITON, Published, line

SERVERS = {
    "Triton that polls": Published(
        f"{TRITON}/aws/templates/deployment.yaml",
        line(
            "nvcr.io/nvidia/tritonserver:23.01-py3",
            args=(
                "tritonserver",
                "--model-store=s3://models/acme",
                "--model-control-mode=poll",
                "--repository-poll-secs=5",
            ),
        ),
        "triton",
        {
            "model-repository": "s3://models/acme",
            "model-control-mode": "poll",
            "repository-poll-secs": "5",
        },
    ),
    "Triton with metrics": Published(
        f"{TRITON}/gke-marketplace-app/server-deployer/chart/triton/templates/deployment.yaml",
        line(
            "registry.example/tritonserver:2.44.0",
            args=(
                "tritonserver",
                "--model-store=gs://models/acme",
                "--strict-model-config=False",
                "--log-verbose=0",
                "--allow-gpu-metrics=True",
            ),
        ),
        "triton",
        {
            "model-repository": "gs://models/acme",
            "strict-model-config": "false",
            "log-verbose": "0",
            "allow-gpu-metrics": "true",
        },
    ),
    "KServe's Triton": Published(
        f"{KSERVE}/config/runtimes/kserve-tritonserver.yaml",
        line(
            "nvcr.io/nvidia/tritonserver:23.05-py3",
            args=(
                *("tritonserver", "--model-store=/mnt/models", "--grpc-port=9000"),
                *("--http-port=8080", "--allow-grpc=true", "--allow-http=true"),
            ),
        ),
        "triton",
        {
            "model-repository": "/mnt/models",
            "grpc-port": "9000",
            "http-port": "8080",
            "allow-grpc": "true",
            "allow-http": "true",
        },
    ),
    "KServe's TensorFlow Serving": Published(
        f"{KSERVE}/config/runtimes/kserve-tensorflow-serving.yaml",
        line(
            "tensorflow/serving:2.6.2",
            command=("/usr/bin/tensorflow_model_server",),
            args=(
                *("--model_name=fraud", "--port=9000", "--rest_api_port=8080"),
                *("--model_base_path=/mnt/models", "--rest_api_timeout_in_ms=60000"),
            ),
        ),
        "tfserving",
        {
            "model_name": "fraud",
            "port": "9000",
            "rest_api_port": "8080",
            "model_base_path": "/mnt/models",
            "rest_api_timeout_in_ms": "60000",
        },
    ),
    "TensorFlow Serving of several models": Published(
        f"{GITHUB}/vivekverma239/personal (deploy_serving.sh)",
        line(
            "tensorflow/serving",
            args=(
                *("--model_config_file=/models/models.config",),
                *("--model_config_file_poll_wait_seconds=60",),
                *("--tensorflow_intra_op_parallelism=4", "--tensorflow_inter_op_parallelism=4"),
            ),
        ),
        "tfserving",
        {
            "port": "8500",
            "rest_api_port": "8501",
            "model_name": "model",
            "model_base_path": "/models/model",
            "model_config_file": "/models/models.config",
            "model_config_file_poll_wait_seconds": "60",
            "tensorflow_intra_op_parallelism": "4",
            "tensorflow_inter_op_parallelism": "4",
        },
        frozenset({"model_config_file."}),
    ),
    "TensorFlow Serving by variables": Published(
        f"{GITHUB}/percent4/tensorflow_serving_examples (README.md)",
        line("tensorflow/serving:1.14.0", variables={"MODEL_NAME": "fraud"}),
        "tfserving",
        {
            "port": "8500",
            "rest_api_port": "8501",
            "model_name": "fraud",
            "model_base_path": "/models/fraud",
        },
    ),
    "gunicorn with short flags": Published(
        f"{GITHUB}/chenjr0719/concurrency_test (fastapi/run.sh)",
        line(
            "registry.example/api",
            command=("sh", "-c"),
            args=("gunicorn -w 9 -k uvicorn.workers.UvicornWorker -b 0.0.0.0:8000 main:app",),
        ),
        "gunicorn",
        {
            "workers": "9",
            "worker-class": "uvicorn.workers.UvicornWorker",
            "bind": "0.0.0.0:8000",
            "app": "main:app",
        },
    ),
    "gunicorn with timeouts": Published(
        f"{GITHUB}/suhaJamal/KitabiAI (startup.sh)",
        line(
            "registry.example/api",
            command=("bash", "-lc"),
            args=(
                "gunicorn -w 2 -k uvicorn.workers.UvicornWorker app.main:app --bind 0.0.0.0:8000 "
                "--timeout 300 --graceful-timeout 300",
            ),
        ),
        "gunicorn",
        {
            "workers": "2",
            "worker-class": "uvicorn.workers.UvicornWorker",
            "app": "app.main:app",
            "bind": "0.0.0.0:8000",
            "timeout": "300",
            "graceful-timeout": "300",
        },
    ),
    "gunicorn on several lines": Published(
        f"{GITHUB}/pk0202/mail (startup.sh)",
        line(
            "registry.example/api",
            command=("sh", "-c"),
            args=(
                "gunicorn app:app \\\n  -k uvicorn.workers.UvicornWorker \\\n"
                "  --bind 0.0.0.0:8000 \\\n  --workers 2 \\\n  --timeout 120\n",
            ),
        ),
        "gunicorn",
        {
            "app": "app:app",
            "worker-class": "uvicorn.workers.UvicornWorker",
            "bind": "0.0.0.0:8000",
            "workers": "2",
            "timeout": "120",
        },
    ),
    "gunicorn in poetry": Published(
        f"{GITHUB}/cuhackit-2022-patrickmakaylamichaelmilo/fractals (run-app.sh)",
        line(
            "registry.example/api",
            command=("poetry", "run", "gunicorn", "-b", "0.0.0.0:8080"),
            args=("-k", "uvicorn.workers.UvicornWorker", "app:app", "--workers", "4"),
        ),
        "gunicorn",
        {
            "bind": "0.0.0.0:8080",
            "worker-class": "uvicorn.workers.UvicornWorker",
            "app": "app:app",
            "workers": "4",
        },
    ),
    "uvicorn": Published(
        f"{GITHUB}/mohsina-bilal/servicefoundry (deploy.py)",
        line(
            "registry.example/api",
            command=("uvicorn", "app:app", "--port", "8000", "--host", "0.0.0.0"),
            variables={"UVICORN_WEB_CONCURRENCY": "1"},
        ),
        "uvicorn",
        {"app": "app:app", "port": "8000", "host": "0.0.0.0"},
    ),
    "uvicorn that reloads": Published(
        f"{GITHUB}/aderiyenko/fastapi_k8s_app (docker/dev.dockerfile)",
        line(
            "registry.example/api",
            command=("uvicorn", "fastapi_app.app:app", "--reload", "--host", "0.0.0.0"),
        ),
        "uvicorn",
        {"app": "fastapi_app.app:app", "reload": "true", "host": "0.0.0.0"},
    ),
}
