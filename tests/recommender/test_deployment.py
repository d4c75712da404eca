"""The deployment files: what they start is what the app is told to ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "recommender" / "language_model" / "deployment"


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return found


def images(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["image"]] if isinstance(node.get("image"), str) else []
        return here + [image for value in node.values() for image in images(value)]
    return [image for one in node for image in images(one)] if isinstance(node, list) else []


@pytest.fixture(scope="module")
def llm() -> dict[str, Any]:
    """The one model of the Ray application."""
    [application] = read("ray-serve.yaml")["applications"]
    assert application["import_path"] == "ray.serve.llm:build_openai_app"
    [config] = application["args"]["llm_configs"]
    found: dict[str, Any] = config
    return found


@pytest.mark.parametrize("name", ["compose.yaml", "kuberay.yaml"])
def test_images_are_of_a_version(name: str) -> None:
    found = images(read(name))
    assert found
    assert all(any(c.isdigit() for c in image.rpartition(":")[2]) for image in found)


def test_each_replica_of_compose_has_a_port_and_gpus_of_its_own() -> None:
    services = read("compose.yaml")["services"].values()
    ports = [port for service in services for port in service["ports"]]
    gpus = [
        gpu
        for service in services
        for device in service["deploy"]["resources"]["reservations"]["devices"]
        for gpu in device["device_ids"]
    ]
    assert len(set(ports)) == len(set(gpus)) == len(services) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)  # nobody else is let in


def test_compose_takes_the_key_from_the_environment_alone() -> None:
    for service in read("compose.yaml")["services"].values():
        assert service["environment"]["VLLM_API_KEY"].startswith("${INSTRUCTREC_API_KEY:?")
        assert not any("api-key" in argument for argument in service["command"])


def test_a_replica_of_ray_fits_a_worker_and_all_fit_the_cluster(llm: dict[str, Any]) -> None:
    [group] = read("kuberay.yaml")["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    [worker] = group["template"]["spec"]["containers"]
    scaling = llm["deployment_config"]["autoscaling_config"]
    gpus = int(worker["resources"]["limits"]["nvidia.com/gpu"])
    assert gpus == llm["engine_kwargs"]["tensor_parallel_size"]
    assert (group["minReplicas"], group["maxReplicas"]) == (
        scaling["min_replicas"],
        scaling["max_replicas"],
    )


def test_kubernetes_serves_what_ray_serves() -> None:
    service = read("kuberay.yaml")
    assert (service["apiVersion"], service["kind"]) == ("ray.io/v1", "RayService")
    assert yaml.safe_load(service["spec"]["serveConfigV2"]) == read("ray-serve.yaml")


def test_all_serve_the_name_that_the_readme_asks_for(llm: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    name = llm["model_loading_config"]["model_id"]
    for service in read("compose.yaml")["services"].values():
        assert f"--served-model-name={name}" in service["command"]
    assert readme.count(f"#{name}") >= 2
