"""Of vLLM and KServe's Hugging Face server."""

from support.command_lines.published import GITHUB, GKE, KSERVE, VLLM_MODULE, Published, line

LANGUAGE_MODELS = {
    "vLLM in a shell": Published(
        "https://docs.vllm.ai/en/stable/deployment/k8s/",
        line(
            "vllm/vllm-openai:latest",
            command=("/bin/sh", "-c"),
            args=(
                "vllm serve acme/chat-7b --trust-remote-code --enable-chunked-prefill "
                "--max_num_batched_tokens 1024",
            ),
        ),
        "vllm",
        {
            "model": "acme/chat-7b",
            "trust-remote-code": "true",
            "enable-chunked-prefill": "true",
            "max-num-batched-tokens": "1024",
        },
    ),
    "vLLM with a mounted model": Published(
        f"{GKE}/gcsfuse-shared-cache/vllm-a.yaml",
        line(
            "registry.example/vllm-gcs:v0.10.2-fix",
            command=("/bin/sh", "-c"),
            args=(
                "vllm serve /data/chat-8b --max-model-len 8192 --gpu-memory-utilization=0.95 "
                "--served-model-name acme/chat-8b",
            ),
        ),
        "vllm",
        {
            "model": "/data/chat-8b",
            "max-model-len": "8192",
            "gpu-memory-utilization": "0.95",
            "served-model-name": "acme/chat-8b",
        },
    ),
    "vLLM's module with a variable": Published(
        f"{GKE}/llm-serving-gemma/vllm/vllm-2-9b-it.yaml",
        line(
            "registry.example/pytorch-vllm-serve:20240930_0945_RC00",
            command=VLLM_MODULE,
            args=("--model=$(MODEL_ID)", "--tensor-parallel-size=2"),
            variables={"MODEL_ID": "acme/chat-9b", "HUGGING_FACE_HUB_TOKEN": None},
        ),
        "vllm",
        {"model": "acme/chat-9b", "tensor-parallel-size": "2"},
    ),
    "vLLM below an image's own entrypoint": Published(
        f"{GKE}/llm-serving-llama/vllm/vllm-llama4-scout-17b-16e-instruct.yaml",
        line(
            "registry.example/pytorch-vllm-serve:20250405_1205_RC01",
            args=(
                "python3",
                "-m",
                "vllm.entrypoints.api_server",
                "--host=0.0.0.0",
                "--port=7080",
                "--swap-space=16",
                "--max-model-len=1310720",
                "--limit_mm_per_prompt=image=5",
                "--disable-log-stats",
                "--model=acme/large-17b",
                "--tensor-parallel-size=8",
            ),
        ),
        "vllm",
        {
            "host": "0.0.0.0",
            "port": "7080",
            "swap-space": "16",
            "max-model-len": "1310720",
            "limit-mm-per-prompt": '{"image": 5}',
            "disable-log-stats": "true",
            "model": "acme/large-17b",
            "tensor-parallel-size": "8",
        },
    ),
    "vLLM with adapters": Published(
        f"{GKE}/infw-gw/examples/getting-started/vllm-llama3-8b-instruct.yaml",
        line(
            "vllm/vllm-openai:latest",
            command=VLLM_MODULE,
            args=(
                *("--model", "acme/chat-8b", "--tensor-parallel-size", "1", "--port", "8000"),
                *("--enable-lora", "--max-loras", "2", "--max-cpu-loras", "12"),
            ),
            variables={"VLLM_USE_V1": "1", "PORT": "8000", "HUGGING_FACE_HUB_TOKEN": None},
        ),
        "vllm",
        {
            "model": "acme/chat-8b",
            "tensor-parallel-size": "1",
            "port": "8000",
            "enable-lora": "true",
            "max-loras": "2",
            "max-cpu-loras": "12",
            "VLLM_USE_V1": "1",
        },
    ),
    "vLLM on several hosts": Published(
        f"{GKE}/llm-multihost-gpus/vllm-deepseek-r1-A3.yaml",
        line(
            "registry.example/vllm",
            command=(
                "sh",
                "-c",
                "/workspace/ray_init.sh leader --ray_cluster_size=$(LWS_GROUP_SIZE); python3 -m "
                "vllm.entrypoints.openai.api_server --port 8080 --model acme/large-r1",
            ),
        ),
        None,
    ),
    "Hugging Face, an InferenceService": Published(
        f"{GITHUB}/kserve/website/blob/main/docs/modelserving/v1beta1/llm/huggingface/README.md",
        line(
            "kserve/huggingfaceserver:v0.15.0-gpu",
            args=("--model_name=chat", "--model_name=chat3", "--model_id=acme/chat-8b-instruct"),
        ),
        "huggingface",
        {"model_name": "chat3", "model_id": "acme/chat-8b-instruct"},
    ),
    "Hugging Face by its module": Published(
        f"{KSERVE}/python/huggingfaceserver/README.md",
        line(
            "registry.example/serve",
            command=("python", "-m", "huggingfaceserver"),
            args=("--model_id=acme/base-uncased", "--model_name=bert"),
        ),
        "huggingface",
        {"model_id": "acme/base-uncased", "model_name": "bert"},
    ),
    "Hugging Face on several nodes": Published(
        f"{KSERVE}/config/runtimes/kserve-huggingfaceserver-multinode.yaml",
        line(
            "kserve/huggingfaceserver:latest",
            command=("bash", "-c"),
            args=(
                "ray start --head --disable-usage-stats --include-dashboard false\n"
                "until [[ $(ray status | grep -c node_) -eq ${PIPELINE_PARALLEL_SIZE} ]]; do\n"
                "  sleep 1\ndone\n"
                "python3 -m huggingfaceserver --model_name=${MODEL_NAME}\n",
            ),
        ),
        None,
    ),
}
