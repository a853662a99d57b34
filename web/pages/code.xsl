<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The revocation code: given out once, on a card to write down or print; and the page that takes it without a login. -->

    <!-- In step 3 of a pickup. -->
    <xsl:template match="code" mode="pickup">
        <section class="code-section" aria-labelledby="code">
            <h2 id="code"><m:t k="code.title"/></h2>
            <xsl:choose>
                <xsl:when test="@text">
                    <xsl:call-template name="code-card"><xsl:with-param name="of" select="../pickup"/></xsl:call-template>
                </xsl:when>
                <xsl:otherwise>
                    <p>
                        <m:t k="code.there"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@made-at"/></xsl:call-template></m:with></m:t>
                    </p>
                    <form method="post" action="{../pickup/@action}/code">
                        <xsl:call-template name="csrf"/>
                        <input type="hidden" name="pin" value="{../@pin}"/>
                        <p class="hint"><m:t k="code.replace.hint"/></p>
                        <p class="actions"><button type="submit"><m:t k="code.replace"/></button></p>
                    </form>
                </xsl:otherwise>
            </xsl:choose>
        </section>
    </xsl:template>

    <!-- OF: an element with number, type, months and memo. -->
    <xsl:template name="code-card">
        <xsl:param name="of"/>
        <p class="lead"><m:t k="code.once"/></p>
        <div class="code-card">
            <p class="code-card-title"><xsl:value-of select="i:name($frame/service)"/><xsl:text> </xsl:text><m:t k="code.title"/></p>
            <dl>
                <div><dt><m:t k="fact.number"/></dt><dd id="code-number"><xsl:value-of select="$of/@number"/></dd></div>
                <div><dt><m:t k="code.code"/></dt><dd><code id="code-text" class="pin"><xsl:value-of select="@text"/></code></dd></div>
                <div><dt><m:t k="code.where"/></dt><dd class="break"><xsl:value-of select="@url"/></dd></div>
            </dl>
            <p class="hint">
                <xsl:for-each select="$of"><xsl:call-template name="what"/></xsl:for-each>
                <xsl:if test="$of/@memo != ''"><xsl:text> · </xsl:text><xsl:value-of select="$of/@memo"/></xsl:if>
                <xsl:text> · </xsl:text><xsl:call-template name="day"><xsl:with-param name="at" select="@made-at"/></xsl:call-template>
            </p>
        </div>
        <p class="pin-value">
            <button type="button" class="copy" hidden="hidden" data-print="1"><m:t k="code.print"/></button>
            <xsl:call-template name="copy"><xsl:with-param name="id">code-text</xsl:with-param></xsl:call-template>
        </p>
        <ul class="code-hints">
            <li><m:t k="code.for"/></li>
            <li><m:t k="code.keep"/></li>
            <li><m:t k="code.renewal"/></li>
        </ul>
    </xsl:template>

    <!-- On the owner's page of a request, beside the other ways to end it. -->
    <xsl:template match="code" mode="detail">
        <div class="apart-row">
            <p>
                <m:t k="code.what"/><xsl:text> </xsl:text>
                <xsl:choose>
                    <xsl:when test="@made-at"><m:t k="code.there"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@made-at"/></xsl:call-template></m:with></m:t></xsl:when>
                    <xsl:otherwise><m:t k="code.none"/></xsl:otherwise>
                </xsl:choose>
            </p>
            <xsl:call-template name="act">
                <xsl:with-param name="number" select="../request/@number"/>
                <xsl:with-param name="act">code</xsl:with-param><xsl:with-param name="key" select="@form-key"/>
                <xsl:with-param name="words"><m:t k="code.replace"/></xsl:with-param>
            </xsl:call-template>
        </div>
    </xsl:template>

    <xsl:template match="code-confirm" mode="title"><m:t k="code.confirm.title" number="request/@number"/></xsl:template>
    <xsl:template match="code-confirm" mode="main">
        <xsl:call-template name="back-to-request"/>
        <h1><m:t k="code.confirm.title" number="request/@number"/></h1>
        <xsl:call-template name="which"/>
        <ul>
            <li><m:t k="code.for"/></li>
            <li><m:t k="code.confirm.once"/></li>
            <xsl:if test="code/@made-at">
                <li><m:t k="code.confirm.old"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="code/@made-at"/></xsl:call-template></m:with></m:t></li>
            </xsl:if>
        </ul>
        <form method="post" action="/certificates/{request/@number}/code">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="code/@form-key"/></xsl:call-template>
            <p class="actions">
                <button type="submit" class="main"><m:t k="code.confirm.do"/></button>
                <a class="button plain" href="/certificates/{request/@number}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <xsl:template match="code-made" mode="title"><m:t k="code.title"/></xsl:template>
    <xsl:template match="code-made" mode="main">
        <xsl:call-template name="back-to-request"/>
        <h1><m:t k="code.title"/></h1>
        <xsl:for-each select="code">
            <xsl:call-template name="code-card"><xsl:with-param name="of" select="../request"/></xsl:call-template>
        </xsl:for-each>
        <p class="actions"><a class="button main" href="/certificates/{request/@number}"><m:t k="code.made.done"/></a></p>
    </xsl:template>

    <!-- Without a login -->
    <xsl:template match="revoke-code" mode="title"><m:t k="bycode.title"/></xsl:template>
    <xsl:template match="revoke-code" mode="main">
        <xsl:variable name="problem" select="problem"/>
        <p class="back"><a href="/"><m:t k="back.front"/></a></p>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="bycode.title"/></h1>
        <p class="lead"><m:t k="bycode.lead"/></p>
        <form method="post" action="/revoke" autocomplete="off">
            <xsl:call-template name="csrf"/>
            <div class="field">
                <label for="number"><m:t k="fact.number"/></label>
                <p class="hint" id="number-hint"><m:t k="bycode.number.hint"/></p>
                <input type="text" id="number" name="number" value="{@number}" required="required" maxlength="40" autocomplete="off" inputmode="numeric" aria-describedby="number-hint"/>
            </div>
            <div class="field">
                <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                <label for="code"><m:t k="code.code"/></label>
                <p class="hint" id="code-hint"><m:t k="bycode.code.hint"/></p>
                <xsl:apply-templates select="$problem" mode="beside"/>
                <input type="text" id="code" name="code" class="pin-field" required="required" maxlength="64" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false">
                    <xsl:attribute name="aria-describedby">code-hint<xsl:if test="$problem"> code-problem</xsl:if></xsl:attribute>
                    <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                </input>
            </div>
            <p class="hint"><m:t k="bycode.next"/></p>
            <p class="actions"><button type="submit" class="main"><m:t k="next"/></button></p>
        </form>
        <section class="aside" aria-labelledby="without">
            <h2 id="without"><m:t k="bycode.without"/></h2>
            <ul>
                <li><m:t k="bycode.without.login"><m:with name="link"><a href="/certificates"><m:t k="bycode.without.link"/></a></m:with></m:t></li>
                <li><m:t k="bycode.without.desk"/></li>
            </ul>
        </section>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>
    <xsl:template match="problem[@field='code']" mode="words"><m:t k="problem.code.{@rule}"/></xsl:template>

    <xsl:template match="revoke-code-confirm" mode="title"><m:t k="bycode.confirm.title"/></xsl:template>
    <xsl:template match="revoke-code-confirm" mode="main">
        <xsl:variable name="problem" select="problem[@field = 'reason']"/>
        <p class="back"><a href="/revoke"><m:t k="back"/></a></p>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="bycode.confirm.title"/></h1>
        <xsl:for-each select="certificate"><xsl:call-template name="bycode-which"/></xsl:for-each>
        <div class="warning">
            <xsl:call-template name="icon-warn"/>
            <div>
                <p><strong><m:t k="revoke.final"/></strong></p>
                <ul>
                    <li><m:t k="revoke.stops.{certificate/@type}"/></li>
                    <li><m:t k="revoke.all"/></li>
                    <xsl:if test="certificate/@type = 'smime'"><li><m:t k="revoke.keep-file"/></li></xsl:if>
                </ul>
            </div>
        </div>
        <form method="post" action="/revoke" autocomplete="off">
            <xsl:call-template name="csrf"/>
            <input type="hidden" name="number" value="{certificate/@number}"/>
            <input type="hidden" name="code" value="{@code}"/>
            <input type="hidden" name="confirm" value="1"/>
            <xsl:if test="certificate/@same-memo &gt; 0">
                <label class="choice">
                    <input type="checkbox" name="all" value="1"><xsl:if test="@all"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if></input>
                    <span><m:t k="bycode.all" memo="certificate/@memo" n="certificate/@same-memo"/><small><m:t k="bycode.all.hint"/></small></span>
                </label>
            </xsl:if>
            <fieldset id="reason">
                <xsl:if test="$problem"><xsl:attribute name="class">wrong</xsl:attribute><xsl:attribute name="aria-describedby">reason-problem</xsl:attribute></xsl:if>
                <legend><m:t k="revoke.reason"/></legend>
                <xsl:apply-templates select="$problem" mode="beside"/>
                <xsl:call-template name="reason"><xsl:with-param name="reason">keyCompromise</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">superseded</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">cessationOfOperation</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">affiliationChanged</xsl:with-param></xsl:call-template>
                <xsl:call-template name="reason"><xsl:with-param name="reason">unspecified</xsl:with-param></xsl:call-template>
            </fieldset>
            <p class="actions">
                <button type="submit" class="danger"><m:t k="revoke.do"/></button>
                <a class="button plain" href="/revoke"><m:t k="revoke.keep"/></a>
            </p>
        </form>
    </xsl:template>

    <xsl:template name="bycode-which">
        <dl class="facts card">
            <div><dt><m:t k="fact.number"/></dt><dd><xsl:value-of select="@number"/></dd></div>
            <div><dt><m:t k="fact.type"/></dt><dd><xsl:call-template name="what"/></dd></div>
            <xsl:if test="@memo != ''"><div><dt><m:t k="fact.memo"/></dt><dd><xsl:value-of select="@memo"/></dd></div></xsl:if>
            <div><dt><m:t k="fact.not-after"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd></div>
            <xsl:if test="@revoked-at"><div><dt><m:t k="bycode.revoked-at"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@revoked-at"/></xsl:call-template></dd></div></xsl:if>
        </dl>
    </xsl:template>

    <xsl:template match="revoke-code-done" mode="title"><xsl:call-template name="bycode-done-title"/></xsl:template>
    <xsl:template name="bycode-done-title">
        <xsl:choose>
            <xsl:when test="certificate/@state = 'revoking' or certificate/@state = 'revoked'"><m:t k="bycode.done.title"/></xsl:when>
            <xsl:otherwise><m:t k="bycode.ended.title"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
    <xsl:template match="revoke-code-done" mode="main">
        <xsl:variable name="revoked" select="certificate/@state = 'revoking' or certificate/@state = 'revoked'"/>
        <p class="back"><a href="/"><m:t k="back.front"/></a></p>
        <h1><xsl:call-template name="bycode-done-title"/></h1>
        <p class="lead" id="state" data-state="{certificate/@state}">
            <xsl:choose>
                <xsl:when test="certificate/@state = 'revoking'"><m:t k="bycode.done.revoking"/></xsl:when>
                <xsl:when test="$revoked"><m:t k="bycode.done.revoked"/></xsl:when>
                <xsl:otherwise><m:t k="bycode.ended.text"/></xsl:otherwise>
            </xsl:choose>
        </p>
        <xsl:for-each select="certificate"><xsl:call-template name="bycode-which"/></xsl:for-each>
        <xsl:if test="$revoked">
            <ul>
                <li><m:t k="bycode.done.mail"/></li>
                <xsl:if test="certificate/@same-memo &gt; 0"><li><m:t k="bycode.done.others" memo="certificate/@memo" n="certificate/@same-memo"/></li></xsl:if>
                <li><m:t k="bycode.done.new"/></li>
            </ul>
        </xsl:if>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>
</xsl:stylesheet>
