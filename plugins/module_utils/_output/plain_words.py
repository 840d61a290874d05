# Copyright (c) 2026 dataarts.factory contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that a recording may show: words of this collection's messages, and names from the service's documentation. Nothing of a customer's.

Everything else is disguised, see ``disguise.py``.
"""

from __future__ import annotations

import re

from .._config.regions import REGIONS


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words of our own messages, and of messages in the service's documents, in lower case. A test compares them with the messages.
PLAIN = _split(
    """
    a above accept accepted accepts access according account action activate active add address administrator after again agencies agency agent agrees
    ahead ak alike all allow allowed alone already always ambiguous an and anew another ansible answer answered answers any anybody anything apart api
    apigw application are arrive as ascii aside ask asked assign assume assumed assumptions at attempts attribute auth authentication authority
    authorization auto away back bad basic batch be because been before began begin begins behave behind being believed belong belongs between beyond
    binary blanks body booleans both breaks broke brought build built bundle busy but by ca call came can cancelled cannot case causes cdm certificate
    certificates certs change changed changes characters check checked checkup clock clos close closed closer cloud code codes collection com comes
    comma committed company compares comparison complete compressed connect connection connections console contains content control controller
    copied core correct
    could count counts credential credentials curl current cut dataarts database date dates day days dayu db dbname deadline decide decided decides
    declare decode default delete deleted denied depend dependencies depends derived detail did difference different digits directory disappear
    dlf dli
    document documentation documented documents does domain done doubled down drops duplicate duration dws e each east effect effective else empty
    emulator encode encoding end ended endpoint ends enforce entered entries environment epoch equal error errormessage every everything evidence
    example exceeds execute exist existing expired expires extra extract factory failed failure failures false far fetched fewer file find firewall
    first fits five flow follow followed follows for forbidden force forks forty found fragment free from frozen full further g gateway generated get
    go grant had hand has have header held here higher hint hive holds home host hostaddr hosts how http https huaweicloud hw hyphen hyphens iam id
    ids if ignore immediate imported in incorrect info information install instance instanceid instances instead internal interval into invalid is
    isolation issued issuing it its itself job jobid jobname jobs joined journal json keepalives keeps key keys kind kinds know known knows lack lacks
    last lasts late later leading lease leave leaves left let lets letters level lifetime like likely limit line link list listed lists lives local
    location lock locked long look looked looking lost lower machine made make malformed management manager manual many master max may me mean measure
    merely message meta metadata method methods midnight millisecond milliseconds min minus minute minutes mismatch missing mode module more most move
    mrs ms must myhuaweicloud name named names need needed needs neither nested new newer newest next no nocatalog node nodes none nor north northwest
    not nothing now ntp null number numbers obs observed of off offers offset old oldest on once one only open opened operate operator option options
    or order orders origin origins os otc other others otherwise out outside over oversized overviews own owner owns page pages parameter parameters
    part pass password patchdata path paths pem per percent period periodically permanent permission pghost place plain plan planned playbook please
    point points port portal post postgresql prefix priority probe problem process program programmatic project projects protocol prove proxies proxy
    psycopg published python query question questions quota quote random range reached read reading readonly reads ready real reason record recovery
    redirect redirected redirects refresh refusal refusals refused refuses region related remove removed renew repair replace replaced report
    repository request requested requests required rerun rerunnable reruns resolution resolve retries retry returns rewrites right role route run
    running runs s same say saying says scheduled scheduler schema scheme scope sdk sdks second seconds secret section sections security securitytoken
    see seen send sending sends sent server servers service session set sets setting settings several share shared short shortly show showed shown
    shows shutting siblings side signature signed since site sk skew skip skipped so socket socks somebody something source south southeast southwest
    space spark special sql sqlite ssl sslmode sslrootcert stale standby stands start started starting state statement statistics status stays still
    stop strerror string studio studios sub subject submit success such support supported switch symbolic synchronous system systems tables taken
    takes task tcp tell tells temporary test text than that the their them then there these they this those though three throttled through time
    timeout times timestamp title tls to together token tokens told too took tool total transaction translate true truncated trusted trusts try tunnel
    twice twins two type types unauthorized understood undocumented unit unknown unless unlike unreachable unreadable unset until up update updated
    upstream uri url usable use used user uses usually utf v v1 v2 valid validate value values variable variables verified verify version versions
    visible wait waiting waits was watched way ways were west what where whether which while who whole whose will window windows with within without
    word words workspace workspaces would write writes written wrong yaml yes yet you your zeros zone
    """
)
#: An error code of the service or of another part of the cloud, also for HTTP.
CODE = re.compile(r"(?:DLF|APIGW?|IAM|DAYU|DLI|DWS|CDM|MRS|OBS|DLM)\.[0-9]{3,6}")
#: Names of fields in the service's documents and SDKs [SDK][H-208][H-WS][OTC-95].
FIELDS = _split(
    """
    alarms attempts bad_record_location_name basicConfig billing_check charge_type cleanOverdueDays code commodity_orders conditions count
    createTime createUser create_time create_user cron getJobSubmitVersion is_own query_days
    freeze_count fail_count pause_count running_exception_count waiting_confirm_count customFields data date
    description dependFailPolicy dependJobs dependPeriod
    dependPrePeriod depend_jobs directory emptyRunningJob empty_running_job enabled endTime end_time enterprise_project_id eps_id error
    errorCode errorMessage errorMsg error_code error_message error_msg execTimeOutRetry executeTime executeUser execute_time expression
    expressionTimeZone failPolicy fail forceSuccess force_success freeze hang id ignoreSuccess ignore_success inputRowCount instanceId
    instanceTimeout instanceType instance_id instance_type instances isIgnoreWaiting is_auto_renew is_default is_domain is_trial_order
    jobId jobInstanceName jobName jobType job_id job_instance_name job_log_location_name job_name job_type jobs lastInstanceEndTime
    lastInstanceStatus lastUpdateTime lastUpdateUser last_instance_end_time last_instance_status last_update_time last_update_user limit
    link links location logPath maxExecutionTime max_plan_time maxPlanTime member_num message min_plan_time minPlanTime name
    next_plan_time nodeName nodeType nodes number offset order_id order_type otherWorkSpaceJobs outputRowCount owner owner_name params
    parent_id path planTime plan_time pollingInterval preciseQuery preNodeName priority processType projects project_id properties queue region_id
    requestId request_id resource_id resource_name resource_spec_code resource_type retryInterval retryTimes running sameWorkSpaceJobs
    schedule self singleNodeJobFlag single_node_job_flag speed startTime start_time status submitTime submit_time success title total
    total_page type value version waiting workSpaceId work_space_mode workspace workspace_id x y
    """
)
#: Fields that hold a time in epoch milliseconds.
TIME_FIELDS = re.compile(r"(?:.*[a-z_])?(?:[tT]ime)$")
#: Fields with counts, measures or numbers, whose small values reveal nothing about a customer.
NUMBER_FIELDS = _split(
    """
    charge_type cleanOverdueDays code count executeTime execute_time inputRowCount instanceTimeout instanceType instance_type is_auto_renew
    is_default is_trial_order limit maxExecutionTime member_num number offset order_type outputRowCount pollingInterval priority
    retryInterval retryTimes status total total_page version work_space_mode x y
    """
)
#: Known values of the service, and the fields that hold such words.
VALUES = _split(
    """
    waiting running success fail running-exception pause manual-stop manual skip-by-depend skip freeze waiting-confirm waiting_confirm
    forceSuccess ignoreSuccess
    SCHEDULING STOPPED PAUSED NORMAL EXCEPTION BATCH REAL_TIME CRON EXECUTE_ONCE EVENT MANUAL PREPAID BASE
    CDMJob DLISQL DLISpark DWSSQL HiveSQL MRSSpark OBSManager SparkSQL Hive_SQL Dummy Shell Python RestClient SubJob ForEach
    true false 0 hws.resource.type.dayu
    """
) | {"Hive SQL", "Spark SQL", "DWS SQL", "DLI SQL", "DLI Spark", "CDM Job", "OBS Manager", "MRS Spark"}
WORD_FIELDS = _split(
    """
    status last_instance_status lastInstanceStatus job_type jobType type nodeType schedule resource_type charge_type order_type failPolicy
    dependFailPolicy preciseQuery is_own getJobSubmitVersion
    """
)
#: Fields with a status of an instance or a job: their words are the service's, even undocumented ones.
STATUS_FIELDS = frozenset({"status", "last_instance_status", "lastInstanceStatus"})
#: Fields with the service's message about a refused request.
MESSAGE_FIELDS = frozenset({"error_msg", "errorMsg", "error_message", "message", "title", "error"})
CODE_FIELDS = frozenset({"error_code", "errorCode", "code"})
KNOWN_REGIONS = frozenset(REGIONS)
#: Route -> path of the request; ``*`` stands for disguised segments.
ROUTE_PATHS: dict[str, tuple[str, ...]] = {
    "v1.jobs": ("v1", "*", "jobs"),
    "v2.jobs": ("v2", "*", "factory", "jobs"),
    "v1.list": ("v1", "*", "jobs", "instances", "detail"),
    "v2.list": ("v2", "*", "factory", "jobs", "*", "instances", "detail"),
    "v1.job": ("v1", "*", "jobs", "*"),
    "v1.instance": ("v1", "*", "jobs", "*", "instances", "*"),
    "v2.depend": ("v2", "*", "factory", "jobs", "*", "depend"),
    "v1.restart": ("v1", "*", "jobs", "*", "instances", "*", "restart"),
    "v2.retry": ("v2", "*", "factory", "jobs", "*", "instances", "retry"),
    "statistics": ("v2", "*", "factory", "monitor", "task-statistics-overview"),
    "management.instances": ("v1", "*", "instances"),
    "management.workspaces": ("v1", "*", "workspaces", "*"),
    "iam_projects": ("v3", "projects"),
}
