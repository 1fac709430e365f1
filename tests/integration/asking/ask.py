"""One request by whatever SDK for Python this interpreter has:  ask.py ENDPOINT SIGNATURE METHOD ACTION PARAMETERS

The key comes from the environment. Prints {"Response": …}, or {"Error": code} for what was refused.
"""

from __future__ import annotations

import json
import os
import sys

from tencentcloud.common.credential import EnvironmentVariableCredential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models

endpoint, signature, method, action, parameters = sys.argv[1:]
http = HttpProfile(protocol="http", endpoint=endpoint, reqMethod=method, reqTimeout=60)
key = EnvironmentVariableCredential().get_credential()
profile = ClientProfile(signMethod=signature, httpProfile=http)
client = cvm_client.CvmClient(key, os.environ["TENCENTCLOUD_REGION"], profile)
request = getattr(models, f"{action}Request")()
request._deserialize(json.loads(parameters))
try:
    print(json.dumps({"Response": json.loads(getattr(client, action)(request).to_json_string())}))
except TencentCloudSDKException as error:
    print(json.dumps({"Error": error.get_code(), "Message": str(error), "RequestId": error.get_request_id()}))
