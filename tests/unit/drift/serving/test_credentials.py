"""What may be a credential is in no fact of a command line."""

import pytest

from stagingmirror.drift.serving.command_line import ServerFlags, server_flags
from support.command_lines import line


def vllm(*args: str, **variables: str | None) -> ServerFlags:
    return server_flags(line("vllm/vllm-openai", args=args, variables=variables))


def shell(text: str, *arguments: str, **variables: str | None) -> ServerFlags:
    return server_flags(line("x", command=("sh", "-c", text, *arguments), variables=variables))


HIDDEN = (
    '{"secret_key": "s3cret"}',
    '{"clientSecretValue": "s3cret"}',
    '{"credentials": {"a": "s3cret"}}',
    '{"headers": {"Authorization": "Basic s3cret"}}',
    '{"header": "Bearer s3cret"}',
    '{"pwd": "s3cret"}',
    '{"passphrase": "s3cret"}',
    '{"private_key": "s3cret"}',
    '{"auth": "s3cret"}',
    '{"connection": "AccountName=a;AccountKey=s3cret"}',
    '{"inner": "{\\"token\\": \\"s3cret\\"}"}',
    '{"url": "redis://a:s3cret/x@h"}',
    '["sk-proj-s3cret-0123456789"]',
    '["ghp_s3cret0123456789"]',
    '["glpat-s3cret0123456789"]',
    '["eyJhbGciOiJIUzI1NiJ9.s3cret.x"]',
)


@pytest.mark.parametrize(
    "text",
    [
        '{"max_tokens": 5, "num_speculative_tokens": 5, "image_token_id": 7, "tokenizer": "a"}',
        '{"authors": "a", "path": "gs://asia-northeast1-models/fraud"}',
        '{"endpoint": "http://10.0.0.1/v1?user=a@b.example"}',
    ],
)
def test_what_only_resembles_a_credential_is_a_fact(text: str) -> None:
    assert "hf-overrides" in vllm("--model=a", f"--hf-overrides={text}").facts


@pytest.mark.parametrize(
    ("flags", "argument", "secret"),
    [
        (vllm("--model=a", "--api-key", "s3cret"), "--api-key", "s3cret"),
        (vllm("--model=a", "--api_key=s3cret"), "--api-key", "s3cret"),
        (vllm("--model=a", "--hf-token=s3cret"), "--hf-token", "s3cret"),
        (vllm("--model=a", VLLM_API_KEY="s3cret"), "--api-key", "s3cret"),
        (vllm("--model=s3://id:s3cret@store/m"), "--model", "s3cret"),
        (vllm("--model=https://store/m?X-Amz-Signature=s3cret"), "--model", "s3cret"),
        (vllm('--hf-overrides={"api_key": "s3cret"}'), "--hf-overrides", "s3cret"),
        (shell("vllm serve https://u:s3cret@h/m"), "--model", "s3cret"),
        (shell("uvicorn a:a --ssl-keyfile-password s3cret"), "--ssl-keyfile-password", "s3cret"),
        (
            shell("uvicorn a:a", UVICORN_SSL_KEYFILE_PASSWORD="s3cret"),
            "--ssl-keyfile-password",
            "s3cret",
        ),
        *(
            (vllm("--model=a", f"--hf-overrides={text}"), "--hf-overrides", "s3cret")
            for text in HIDDEN
        ),
        (shell("gunicorn a:a -e KEY=s3cret"), "--env", "KEY=s3cret"),
        (
            shell("tritonserver --http-restricted-api a,k=s3cret"),
            "--http-restricted-api",
            "s3cret",
        ),
        (shell("tritonserver --cache-config=redis,password=s3cret"), "--cache-config", "s3cret"),
        (shell("python serve.py --token s3cret"), "--token", "s3cret"),
    ],
)
def test_a_credential_is_an_argument_and_in_no_fact_and_no_note(
    flags: ServerFlags, argument: str, secret: str
) -> None:
    assert secret in flags.arguments[argument]
    assert secret not in str(flags.facts)
    assert secret not in str(flags.notes)
