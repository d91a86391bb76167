"""What a CronJob runs: its last finished Job of the template as it is now."""

from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.entries import Declared, Made
from stagingmirror.sources.kubernetes.objects.settled import SeenPods, called
from stagingmirror.sources.kubernetes.objects.stores import Stores


def of_cron_job(declared: Declared, stores: Stores) -> SeenPods:
    """The last finished Job of the template as it is now; one of another template that has not
    finished is a roll-out. A Job that is deleted before the next one has finished proves nothing:
    what is seen for a moment with each run would come and go.
    """
    jobs = stores.jobs.owned(declared.namespace, declared.uid)
    why = None
    if any(job.finished is None and job.template != declared.current for job in jobs):
        why = Why(
            Reason.ROLLING_OUT,
            f"a Job of a former template of {called(declared)} still runs: wait for it.",
        )
    finished = [
        (job.finished, job.name, job)
        for job in jobs
        if job.finished is not None and job.template == declared.current and _lasts(job, declared)
    ]
    if not finished:
        return SeenPods([], why, none=_no_job(declared))
    *_, last = max(finished)
    owned = stores.pods.owned(last.namespace, last.uid)
    pods = [one.pod for one in owned if not one.pod.terminating]
    return SeenPods(pods, why, none="its last Job has no pods any more")


def _lasts(job: Made, declared: Declared) -> bool:
    """Where those that succeeded are deleted, a failed one that is left is not the last one."""
    pruned = job.controlled and bool({True, job.succeeded} & declared.prunes)
    return not pruned and job.kept >= declared.gap


def _no_job(declared: Declared) -> str:
    if True in declared.prunes:
        return "it keeps no Job that has finished; set successfulJobsHistoryLimit to 1 or more"
    if declared.keeps < declared.gap:
        return "its Jobs are deleted before the next one; raise ttlSecondsAfterFinished"
    return "no Job of its template has finished yet"
